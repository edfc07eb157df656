import { isatty } from "node:tty";
import { readSecret } from "./read-secret.ts";

const DEFAULT_COLUMNS = 100;
const MIN_COLUMNS = 40;

export type Environment = Readonly<Record<string, string | undefined>>;

/** All that a command knows of the world around it. Answers go to `out`, progress and warnings to `err`. */
export interface Terminal {
  /** What follows the program's name. */
  argv: readonly string[];
  environment: Environment;
  /** The folder that the command was called in. */
  folder: string;
  out(text: string): void;
  err(text: string): void;
  /** All of standard input; at a terminal one line that is asked for and not shown. */
  readSecret(prompt: string): Promise<string>;
  /** Characters in a line of standard output; null when it is no terminal. */
  columns: number | null;
  color: boolean;
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back on each interrupt or request to end, in place of ending; until the returned function is called. */
  onInterrupt(listener: (signal: "SIGINT" | "SIGTERM") => void): () => void;
}

/** The parts that only the program itself may read. */
export interface ProcessParts {
  argv: readonly string[];
  environment: Environment;
  now(): number;
}

/** The terminal of this process. */
export function processTerminal(parts: ProcessParts): Terminal {
  const isTerminal = isatty(1);
  process.stdout.on("error", leaveOnBrokenPipe);
  process.stderr.on("error", leaveOnBrokenPipe);
  return {
    ...parts,
    folder: process.cwd(),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    readSecret: (prompt) =>
      readSecret({ stdin: process.stdin, ask: (text) => void process.stderr.write(text) }, prompt),
    get columns() {
      return isTerminal ? Math.max(MIN_COLUMNS, process.stdout.columns ?? DEFAULT_COLUMNS) : null;
    },
    color: isTerminal && (parts.environment["NO_COLOR"] ?? "") === "" && parts.environment["TERM"] !== "dumb",
    onInterrupt: (listener) => {
      const onInt = () => listener("SIGINT");
      const onTerm = () => listener("SIGTERM");
      process.on("SIGINT", onInt);
      process.on("SIGTERM", onTerm);
      return () => {
        process.off("SIGINT", onInt);
        process.off("SIGTERM", onTerm);
      };
    },
  };
}

/** `bureau run list | head` is no failure. */
function leaveOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
}
