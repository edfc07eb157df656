import type { Command } from "commander";
import { addLeaf, addNoun, onCall, type Session } from "../command-line.ts";

const GROUP = "Care:";

export function addPushCommands(program: Command, session: Session): void {
  const push = addNoun(program, "push", "notifications on phones and in browsers", {
    group: GROUP,
    example: "bureau push status",
  });
  addLeaf(push, "status", "whether notifications can be pushed, what is missing if not, and to whom", {
    example: "bureau push status",
  }).action(onCall(session, async () => (await import("../actions/push.ts")).pushStatus));
  addLeaf(
    push,
    "test [subscription]",
    "push a test to one browser or to all, and say what the push services answered",
    {
      example: "bureau push test",
    },
  ).action(onCall(session, async () => (await import("../actions/push.ts")).testPush));
}

export function addPasskeyCommands(program: Command, session: Session): void {
  const passkey = addNoun(program, "passkey", "passkeys that sign in; they are made in the app", {
    group: GROUP,
    example: "bureau passkey list",
  });
  addLeaf(passkey, "list", "passkeys, newest first, and when each was last used", {
    example: "bureau passkey list",
  }).action(onCall(session, async () => (await import("../actions/passkeys.ts")).listPasskeys));
  addLeaf(passkey, "remove <passkey>", "forget a passkey: it signs in no more", {
    example: 'bureau passkey remove "Ana\'s phone"',
  }).action(onCall(session, async () => (await import("../actions/passkeys.ts")).removePasskey));
}
