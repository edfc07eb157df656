import { Command } from "commander";
import type { Terminal } from "./terminal.ts";

/** Options that every command has. */
export interface CommonOptions {
  json?: boolean;
  workspace?: string;
}

/** One command as it was called. */
export interface Call<Options = CommonOptions> {
  terminal: Terminal;
  /** Arguments in the order they are declared; those that repeat come as one list. */
  args: readonly unknown[];
  options: Options & CommonOptions;
}

/** The exit code; nothing means 0. */
export type Handler<Options> = (call: Call<Options>) => Promise<number | void>;

/** What the program and its commands share: where they write, and how the last one ended. */
export interface Session {
  terminal: Terminal;
  exitCode: number;
}

export interface LeafOptions {
  /** One command line that works, as a person would type it. */
  example: string;
  /** Heading that it stands under in the help of the whole. */
  group?: string;
}

/** Declares a command with the options that every command has. */
export function addLeaf(parent: Command, name: string, summary: string, options: LeafOptions): Command {
  const command = parent.command(name).description(summary);
  if (options.group !== undefined) command.helpGroup(options.group);
  return addCommonOptions(command).addHelpText("after", `\nExample:\n  ${options.example}`);
}

/** Declares a noun whose commands are added to it. */
export function addNoun(parent: Command, name: string, summary: string, options: Required<LeafOptions>): Command {
  const command = parent.command(name).description(summary).helpGroup(options.group).helpCommand(false);
  return command.addHelpText("after", `\nExample:\n  ${options.example}`);
}

export function addCommonOptions(command: Command): Command {
  return command
    .option("--json", "answer in JSON")
    .option(
      "--workspace <dir>",
      "the workspace; else BUREAU_WORKSPACE, or the nearest folder upwards with a bureau.yaml",
    );
}

/** Ties a command to what it does, which is loaded only when it is called. */
export function onCall<Options>(
  session: Session,
  load: () => Promise<Handler<Options>>,
): (...args: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const handler = await load();
    const options = command.optsWithGlobals() as Options & CommonOptions;
    session.exitCode = (await handler({ terminal: session.terminal, args: command.processedArgs, options })) ?? 0;
  };
}
