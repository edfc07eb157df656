import { type Command, InvalidArgumentError, Option } from "commander";
import { addLeaf, addNoun, onCall, type Session } from "../command-line.ts";

const GROUP = "Work:";
const EFFORTS = ["low", "medium", "high", "max"];
const STATUSES = ["draft", "active", "waiting", "paused", "blocked", "done", "abandoned"];

export function addGoalCommands(program: Command, session: Session): void {
  const goal = addNoun(program, "goal", "wanted outcomes, checked by the runtime", {
    group: GROUP,
    example: "bureau goal list",
  });
  addFieldOptions(
    addLeaf(goal, "add [text]", "set a goal and start on it", {
      example:
        'bureau goal add "Write report.md: three risks of the launch" --agent writer --check "file: report.md contains Risks"',
    }),
  )
    .option("--file <path>", "take the goal from a goal file")
    .option("--agent <name>", "who works on it; else the workspace's own agent")
    .option("--name <name>", "a short name to call it by")
    .option("--draft", "write it down and start later with `bureau goal resume`")
    .option("--wait", "stay until it is done or needs a person; starts Bureau if it is not up")
    .action(onCall(session, async () => (await import("../actions/add-goal.ts")).addGoal));
  addLeaf(goal, "list", "goals, newest first", { example: "bureau goal list --status active,waiting" })
    .option("--status <list>", `only these: ${STATUSES.join(", ")}`)
    .option("--agent <name>", "only those of this agent")
    .option("--limit <n>", "how many", "50")
    .action(onCall(session, async () => (await import("../actions/show-goals.ts")).listGoals));
  addLeaf(goal, "show <goal>", "state, checks with evidence, budget used, runs", {
    example: "bureau goal show report",
  }).action(onCall(session, async () => (await import("../actions/show-goals.ts")).showGoal));
  addFieldOptions(
    addLeaf(goal, "edit <goal>", "change fields; what is left out stays", {
      example: 'bureau goal edit report --done "report.md names four risks" --budget-turns 60',
    }),
  )
    .option("--title <text>", "its title")
    .option("--brief <text>", "the brief")
    .option("--file <path>", "replace the whole by a goal file")
    .option("--version <n>", "only if this is still its version", wholeNumber)
    .action(onCall(session, async () => (await import("../actions/change-goal.ts")).editGoal));
  addLeaf(goal, "pause <goal>", "hold the work on it", { example: "bureau goal pause report" }).action(
    onCall(session, async () => (await import("../actions/change-goal.ts")).pauseGoal),
  );
  addLeaf(goal, "resume <goal>", "go on with a draft, paused or blocked goal", {
    example: "bureau goal resume report",
  }).action(onCall(session, async () => (await import("../actions/change-goal.ts")).resumeGoal));
  addLeaf(goal, "stop <goal>", "give it up for good", { example: "bureau goal stop report" }).action(
    onCall(session, async () => (await import("../actions/change-goal.ts")).stopGoal),
  );
  addLeaf(goal, "check <goal>", "have the runtime run its checks now", { example: "bureau goal check report --wait" })
    .option("--wait", "stay until the checks have run")
    .action(onCall(session, async () => (await import("../actions/change-goal.ts")).checkGoal));
}

/** Fields that a goal is made of, as a person writes them. */
function addFieldOptions(command: Command): Command {
  return command
    .option("--done <text>", "what done looks like")
    .option(
      "--check <check>",
      "a check: `command: …`, `file: PATH contains TEXT`, `judge: …`, `person: owner`; repeatable",
      collect,
    )
    .option("--constraint <text>", "what must be respected; repeatable", collect)
    .option("--budget-tokens <n>", "most tokens", wholeNumber)
    .option("--budget-money <dollars>", "most money, such as 2.50", dollars)
    .option("--budget-time <time>", "most time at work, such as 90m or 2h")
    .option("--budget-turns <n>", "most turns", wholeNumber)
    .addOption(new Option("--effort <level>", "how hard to try").choices(EFFORTS));
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function wholeNumber(value: string): number {
  const number = Number(value.replaceAll("_", ""));
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("It must be a whole number above zero.");
}

function dollars(value: string): number {
  const number = Number(value.replace(/^\$/, ""));
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError("It must be an amount in dollars, such as 2.50.");
}
