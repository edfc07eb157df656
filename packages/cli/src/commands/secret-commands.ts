import { AppError } from "@bureau/protocol";
import type { Command } from "commander";
import { addLeaf, addNoun, onCall, type Session } from "../command-line.ts";

export function addSecretCommands(program: Command, session: Session): void {
  const secret = addNoun(program, "secret", "keys and passwords that connectors and providers are given", {
    group: "Care:",
    example: "bureau secret list",
  });
  addLeaf(secret, "set <name>", "keep a secret; its value comes from standard input, or is asked for", {
    example: "bureau secret set GITHUB_TOKEN < token.txt",
  })
    // Commander would repeat what is too much, and that is the value.
    .allowExcessArguments()
    .hook("preAction", (_set, command) => {
      if (command.args.length > 1) throw valueInArguments();
    })
    .option("--from-env <variable>", "take the value from this environment variable")
    .action(onCall(session, async () => (await import("../actions/secrets.ts")).setSecret));
  addLeaf(secret, "list", "names, when each was set and where it is used; never a value", {
    example: "bureau secret list",
  }).action(onCall(session, async () => (await import("../actions/secrets.ts")).listSecrets));
  addLeaf(secret, "remove <name>", "forget a secret", { example: "bureau secret remove GITHUB_TOKEN" }).action(
    onCall(session, async () => (await import("../actions/secrets.ts")).removeSecret),
  );
}

function valueInArguments(): AppError {
  return new AppError("invalid", "The value of a secret is not taken from the command line; nothing was set.", {
    hint: "Other programs and the shell's history have seen it: change it where it is from, then give it by standard input.",
  });
}
