import { Command } from "commander";
import type { Session } from "./command-line.ts";
import { addAgentCommands } from "./commands/agent-commands.ts";
import { addArtifactCommands } from "./commands/artifact-commands.ts";
import { addCareCommands } from "./commands/care-commands.ts";
import { addEffectCommands } from "./commands/effect-commands.ts";
import { addConnectorCommands } from "./commands/connector-commands.ts";
import { addDeviceCommands } from "./commands/device-commands.ts";
import { addGoalCommands } from "./commands/goal-commands.ts";
import { addInboxCommands } from "./commands/inbox-commands.ts";
import { addPeopleCommands } from "./commands/people-commands.ts";
import { addPolicyCommands } from "./commands/policy-commands.ts";
import { addPasskeyCommands, addPushCommands } from "./commands/push-commands.ts";
import { addSecretCommands } from "./commands/secret-commands.ts";
import { addStartCommands } from "./commands/start-commands.ts";
import { addWorkCommands } from "./commands/work-commands.ts";

export const VERSION = "0.1.0";

/** The whole command line. Declares only; what a command does is loaded when it is called. */
export function createProgram(session: Session): Command {
  const { terminal } = session;
  const program = new Command("bureau")
    .description("A workspace for agents: give a goal over a real folder, and leave it working.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "say how a command is used")
    .helpCommand(false)
    .addHelpText(
      "after",
      "\nStart:\n  bureau init acme && cd acme && bureau up\n\n`bureau COMMAND --help` has the options of a command and an example.",
    );
  addStartCommands(program, session);
  addGoalCommands(program, session);
  addInboxCommands(program, session);
  addEffectCommands(program, session);
  addPolicyCommands(program, session);
  addAgentCommands(program, session);
  addWorkCommands(program, session);
  addArtifactCommands(program, session);
  addSecretCommands(program, session);
  addConnectorCommands(program, session);
  addCareCommands(program, session);
  addDeviceCommands(program, session);
  addPasskeyCommands(program, session);
  addPushCommands(program, session);
  addPeopleCommands(program, session);
  prepare(program, session);
  program.configureHelp({ helpWidth: terminal.columns ?? 100, showGlobalOptions: false });
  return program;
}

/** The same manner of ending and writing for each command; commander hands on only what is set before. */
function prepare(command: Command, session: Session): void {
  const { terminal } = session;
  command.exitOverride();
  command.configureHelp({ helpWidth: terminal.columns ?? 100 });
  command.configureOutput({
    writeOut: (text) => terminal.out(text),
    writeErr: (text) => terminal.err(text),
    outputError: (text, write) => write(sentence(text)),
    getOutHasColors: () => terminal.color,
    getErrHasColors: () => terminal.color,
  });
  for (const child of command.commands) prepare(child, session);
}

/** `error: unknown option '--jsn'\n(Did you mean --json?)` as a sentence with a hint below. */
function sentence(text: string): string {
  const [first = "", ...rest] = text
    .replace(/^error: /, "")
    .trimEnd()
    .split("\n");
  const message = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  const hints = rest.map((line) => `  ${line.replace(/^\((.*)\)$/, "$1")}\n`).join("");
  return `${message.endsWith(".") ? message : `${message}.`}\n${hints}`;
}
