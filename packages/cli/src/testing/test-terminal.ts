import { main } from "../main.ts";
import type { Environment, Terminal } from "../terminal.ts";

export interface Outcome {
  code: number;
  out: string;
  err: string;
  /** Standard output as one JSON value a line. */
  lines(): Record<string, unknown>[];
}

export interface RunOptions {
  folder: string;
  environment?: Environment;
  /** Characters in a line; null as in a pipe. */
  columns?: number | null;
  now?: () => number;
  /** What standard input holds. */
  input?: string;
}

/** Runs one command line in this process and gives back what it wrote. */
export async function runCommandLine(argv: readonly string[], options: RunOptions): Promise<Outcome> {
  const written = { out: "", err: "" };
  const terminal: Terminal = {
    argv,
    environment: options.environment ?? {},
    folder: options.folder,
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    readSecret: async () => options.input ?? "",
    columns: options.columns ?? null,
    color: false,
    now: options.now ?? (() => Date.now()),
    onInterrupt: () => () => undefined,
  };
  const code = await main(terminal);
  return {
    code,
    ...written,
    lines: () =>
      written.out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
