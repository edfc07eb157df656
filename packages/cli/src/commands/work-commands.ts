import type { Command } from "commander";
import { addCommonOptions, addLeaf, addNoun, onCall, type Session } from "../command-line.ts";

const GROUP = "Work:";

export function addWorkCommands(program: Command, session: Session): void {
  addRunCommands(program, session);
  addTaskCommands(program, session);
  addThreadCommands(program, session);
  addLeaf(program, "usage", "tokens, money and time used, and what is left under each cap", {
    group: GROUP,
    example: "bureau usage --by day",
  })
    .option("--by <what>", "goal, agent or day", "goal")
    .option("--since <day>", "from this day on, as 2026-01-31")
    .option("--until <day>", "up to this day")
    .action(onCall(session, async () => (await import("../actions/show-usage.ts")).showUsage));
  addLeaf(program, "search <text>", "goals, tasks, messages, runs, decisions and agents by their words", {
    group: GROUP,
    example: 'bureau search "spring launch" --kinds goal,item',
  })
    .option("--kinds <list>", "only these: goal, agent, thread, task, item, run, inbox, effect")
    .option("--limit <n>", "how many", "20")
    .action(onCall(session, async () => (await import("../actions/search.ts")).search));
  addLeaf(program, "activity", "what happened, newest first, in sentences", {
    group: GROUP,
    example: "bureau activity --kind decision,effect",
  })
    .option("--kind <list>", "only these: goal, run, task, decision, effect, agent, policy, workspace")
    .option("--goal <goal>", "only of this goal")
    .option("--agent <name>", "only of this agent")
    .option("--before <seq>", "only what happened before this number of an event")
    .option("--limit <n>", "how many, at most 200", "50")
    .action(onCall(session, async () => (await import("../actions/activity.ts")).showActivity));
  addStopCommands(program, session);
}

function addStopCommands(program: Command, session: Session): void {
  addLeaf(program, "stop", "stop everything, at once: nothing begins until it is resumed", {
    group: GROUP,
    example: "bureau stop --all",
  })
    .option("--all", "everything; asked for so that it is not done by a slip")
    .action(onCall(session, async () => (await import("../actions/stop-all.ts")).stopAll));
  addLeaf(program, "resume", "let what `bureau stop --all` stopped go on", {
    group: GROUP,
    example: "bureau resume --all",
  })
    .option("--all", "everything that was stopped")
    .action(onCall(session, async () => (await import("../actions/stop-all.ts")).resumeAll));
}

/** `bureau run TEXT` starts a run; `bureau run list` and the like look at those there are. */
function addRunCommands(program: Command, session: Session): void {
  const run = addCommonOptions(
    addNoun(program, "run [text]", "one run of an agent, streamed to its end", {
      group: GROUP,
      example: 'bureau run --agent writer "Sum up notes.md in three lines"',
    }),
  )
    .usage('[options] "TEXT" | list | show | tail | cancel | steer')
    .option("--agent <name>", "who works; else the workspace's own agent")
    .option("--cwd <dir>", "work in this folder, whether or not it is in a workspace")
    .action(onCall(session, async () => (await import("../actions/run-text.ts")).runText));
  addLeaf(run, "list", "runs, newest first", { example: "bureau run list --goal report" })
    .option("--status <list>", "only these: queued, running, waiting, completed, failed, canceled")
    .option("--goal <goal>", "only of this goal")
    .option("--agent <name>", "only of this agent")
    .option("--limit <n>", "how many", "50")
    .action(onCall(session, async () => (await import("../actions/runs.ts")).listRuns));
  addLeaf(run, "show <run>", "one run with its steps", { example: "bureau run show run_01k --explain" })
    .option("--explain", "what it was asked, did, cost and came to, in words")
    .action(onCall(session, async () => (await import("../actions/runs.ts")).showRun));
  addLeaf(run, "tail <run>", "what it did, and what it does until it ends", {
    example: "bureau run tail run_01k",
  }).action(onCall(session, async () => (await import("../actions/runs.ts")).tailRun));
  addLeaf(run, "cancel <run>", "stop it", { example: "bureau run cancel run_01k" }).action(
    onCall(session, async () => (await import("../actions/runs.ts")).cancelRun),
  );
  addLeaf(run, "steer <run> <text>", "tell it something; it reads it at its next safe point", {
    example: 'bureau run steer run_01k "Only the risks of the launch itself"',
  }).action(onCall(session, async () => (await import("../actions/runs.ts")).steerRun));
}

function addTaskCommands(program: Command, session: Session): void {
  const task = addNoun(program, "task", "pieces of work that someone can see and close", {
    group: GROUP,
    example: "bureau task list",
  });
  addLeaf(task, "list", "tasks, newest first", { example: "bureau task list --status open" })
    .option("--status <list>", "only these: open, in_progress, blocked, done, canceled")
    .option("--goal <goal>", "only of this goal")
    .option("--agent <name>", "only of this agent")
    .option("--limit <n>", "how many", "50")
    .action(onCall(session, async () => (await import("../actions/tasks.ts")).listTasks));
  addLeaf(task, "show <task>", "one task", { example: "bureau task show task_01k" }).action(
    onCall(session, async () => (await import("../actions/tasks.ts")).showTask),
  );
  addLeaf(task, "tail <task>", "what its run did, and does until it ends", {
    example: "bureau task tail task_01k",
  }).action(onCall(session, async () => (await import("../actions/tasks.ts")).tailTask));
  addLeaf(task, "cancel <task>", "cancel it and its run", { example: "bureau task cancel task_01k" }).action(
    onCall(session, async () => (await import("../actions/tasks.ts")).cancelTask),
  );
  addLeaf(task, "steer <task> <text>", "tell its run something", {
    example: 'bureau task steer task_01k "Use the numbers of May"',
  }).action(onCall(session, async () => (await import("../actions/tasks.ts")).steerTask));
}

function addThreadCommands(program: Command, session: Session): void {
  const thread = addNoun(program, "thread", "conversations between people and agents", {
    group: GROUP,
    example: "bureau thread list",
  });
  addLeaf(thread, "list", "threads, the last changed first", { example: "bureau thread list" })
    .option("--goal <goal>", "only of this goal")
    .option("--agent <name>", "only of this agent")
    .option("--limit <n>", "how many", "50")
    .action(onCall(session, async () => (await import("../actions/threads.ts")).listThreads));
  addLeaf(thread, "show <thread>", "its items, oldest first", { example: "bureau thread show thr_01k" })
    .option("--after <position>", "only items after this position", "0")
    .action(onCall(session, async () => (await import("../actions/threads.ts")).showThread));
  addLeaf(thread, "tail <thread>", "its items, and new ones until its run ends", {
    example: "bureau thread tail thr_01k",
  }).action(onCall(session, async () => (await import("../actions/threads.ts")).tailThread));
  addLeaf(thread, "cancel <thread>", "stop its open run", { example: "bureau thread cancel thr_01k" }).action(
    onCall(session, async () => (await import("../actions/threads.ts")).cancelThread),
  );
  addLeaf(thread, "steer <thread> <text>", "say something: to its open run, or to start one", {
    example: 'bureau thread steer thr_01k "And the costs?"',
  }).action(onCall(session, async () => (await import("../actions/threads.ts")).steerThread));
}
