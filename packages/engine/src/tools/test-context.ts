import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AppError } from "@bureau/protocol";
import type { ToolCallId } from "@bureau/protocol";
import { systemClock } from "../clock.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { ToolContext } from "./tool.ts";

/** A folder of files for one test file, gone after `remove`. */
export interface TestFolder {
  path: string;
  write(path: string, content: string | Buffer): void;
  remove(): void;
}

export function aFolder(files: Record<string, string> = {}): TestFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "bureau-tools-")));
  const write = (name: string, content: string | Buffer) => {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  };
  for (const [name, content] of Object.entries(files)) write(name, content);
  return { path, write, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The context of one call. The built-in file and web tools never reach for the sandbox, and here may not. */
export function aContext(folder: string, changes: Partial<ToolContext> = {}): ToolContext {
  return {
    toolCallId: "call_test" as ToolCallId,
    runId: "run_test",
    threadId: "thr_test",
    goalId: null,
    folder,
    signal: new AbortController().signal,
    sandbox: noSandbox,
    approved: false,
    clock: systemClock,
    effectKey: null,
    ...changes,
  };
}

const unavailable = () => Promise.reject(new AppError("unavailable", "This test has no sandbox."));

const noSandbox: Sandbox = {
  state: () => Promise.resolve({ available: false, reason: "This test has no sandbox.", hint: "Use another test." }),
  run: unavailable,
  find: unavailable,
  forget: unavailable,
  close: () => Promise.resolve(),
};
