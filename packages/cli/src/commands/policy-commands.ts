import { type Command, Option } from "commander";
import { addLeaf, addNoun, onCall, type Session } from "../command-line.ts";

const EFFECTS = ["read", "write_workspace", "write_outside"];

/** Rules about what agents may do, and trying them out. */
export function addPolicyCommands(program: Command, session: Session): void {
  const policy = addNoun(program, "policy", "what agents may do, must ask for, and may not", {
    group: "Decisions:",
    example: "bureau policy list",
  });
  addLeaf(policy, "list", "all rules, and constraints of goals that are only advice", {
    example: "bureau policy list",
  }).action(onCall(session, async () => (await import("../actions/policy.ts")).listRules));
  addLeaf(policy, "add <verdict> <tool>", "add a rule: allow, ask or deny, and a tool as name or pattern", {
    example: 'bureau policy add allow mail.send --to "*@acme.com" --agent reporter',
  })
    .option("--to <pattern>", "only for these targets; with ! in front, for all others")
    .option("--agent <agent>", "only for this agent")
    .option("--goal <goal>", "only for this goal")
    .option("--after-outside", "an allow that holds also when the run has read outside content; needs --to")
    .action(onCall(session, async () => (await import("../actions/policy.ts")).addRule));
  addLeaf(policy, "remove <rule>", "remove a rule that a person made", {
    example: "bureau policy remove rule_01k",
  }).action(onCall(session, async () => (await import("../actions/policy.ts")).removeRule));
  addLeaf(policy, "test <tool>", "what would happen if an agent made this call; nothing is run", {
    example: `bureau policy test mail.send --agent reporter --args '{"to":"bob@acme.com"}' --target bob@acme.com --tainted`,
  })
    .requiredOption("--agent <agent>", "who makes the call")
    .option("--args <json>", "its arguments as a JSON object")
    .option("--goal <goal>", "while working on this goal, by its rules and its words")
    .option("--tainted", "after outside content was read")
    .option("--source <name>", "which outside content was read; repeatable", collect)
    .option("--words <text>", "what the person wrote, in place of the goal's words")
    .addOption(new Option("--effect <effect>", "of a tool that is not there").choices(EFFECTS))
    .option("--target <target>", "of a tool that is not there; repeatable", collect)
    .option("--reaches <path>", "what a read opens, of a tool that is not there; repeatable", collect)
    .option("--carries-out", "a read whose arguments leave the workspace, of a tool that is not there")
    .action(onCall(session, async () => (await import("../actions/policy.ts")).testCall));
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
