import type { Command } from "commander";
import { addLeaf, addNoun, onCall, type Session } from "../command-line.ts";

/** What was done outside, and taking it back. */
export function addEffectCommands(program: Command, session: Session): void {
  const effects = addNoun(program, "effects", "what was done outside, for which goal, on whose yes", {
    group: "Decisions:",
    example: "bureau effects list",
  });
  addLeaf(effects, "list", "writes outside, newest first", { example: "bureau effects list --goal launch" })
    .option("--status <list>", "only these: proposed, approved, started, done, failed, unknown, denied, taken_back")
    .option("--goal <goal>", "only of this goal")
    .option("--agent <name>", "only of this agent")
    .option("--limit <n>", "how many", "50")
    .action(onCall(session, async () => (await import("../actions/effects.ts")).listEffects));
  addLeaf(effects, "show <effect>", "one of them, whole, with its receipt", {
    example: "bureau effects show eff_01k",
  }).action(onCall(session, async () => (await import("../actions/effects.ts")).showEffect));
  addLeaf(effects, "undo <effect>", "stop it while it can be stopped, or take back what was done", {
    example: "bureau effects undo eff_01k",
  }).action(onCall(session, async () => (await import("../actions/effects.ts")).undoEffect));
  addLeaf(effects, "reconcile <effect>", "ask the provider whether it took place", {
    example: "bureau effects reconcile eff_01k",
  }).action(onCall(session, async () => (await import("../actions/effects.ts")).reconcileEffect));
}
