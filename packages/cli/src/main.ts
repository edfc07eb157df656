import { CommanderError } from "commander";
import type { Session } from "./command-line.ts";
import { createProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";

export { processTerminal } from "./terminal.ts";

const BAD_INPUT = 2;

/** Runs one command line to its end. Returns the exit code; never rejects. */
export async function main(terminal: Terminal): Promise<number> {
  const session: Session = { terminal, exitCode: 0 };
  const program = createProgram(session);
  if (terminal.argv.length === 0) {
    terminal.out(program.helpInformation());
    return 0;
  }
  try {
    await program.parseAsync([...terminal.argv], { from: "user" });
    return session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_INPUT;
    const { showError } = await import("./present/show-error.ts");
    return showError(terminal, error);
  }
}
