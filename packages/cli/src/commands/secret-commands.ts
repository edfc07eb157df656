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
    .option("--from-env <variable>", "take the value from this environment variable")
    .action(onCall(session, async () => (await import("../actions/secrets.ts")).setSecret));
  addLeaf(secret, "list", "names, when each was set and where it is used; never a value", {
    example: "bureau secret list",
  }).action(onCall(session, async () => (await import("../actions/secrets.ts")).listSecrets));
  addLeaf(secret, "remove <name>", "forget a secret", { example: "bureau secret remove GITHUB_TOKEN" }).action(
    onCall(session, async () => (await import("../actions/secrets.ts")).removeSecret),
  );
}
