import { EMPTY_VIEW, type Goal } from "@bureau/protocol";
import type { Call } from "../command-line.ts";
import type { Connection } from "../connect.ts";
import { endOfGoal, follow } from "../follow.ts";
import { checkLines } from "../present/evidence.ts";
import { goalLine } from "../present/words.ts";

const NOT_DONE = 6;

/** Follows a goal until it is done or cannot go on by itself. An interrupt leaves it at work. */
export async function followGoal(
  call: Pick<Call, "terminal" | "options">,
  connection: Connection,
  from: { goalId: string; after: number },
): Promise<number> {
  const { terminal } = call;
  const leave = new AbortController();
  const stopListening = terminal.onInterrupt(() => leave.abort());
  try {
    const goal = await connection.client.getGoal({ params: { goal: from.goalId } });
    const followed = await follow({
      call,
      connection,
      filter: { goal: from.goalId },
      after: from.after,
      hidesPerson: true,
      view: { ...EMPTY_VIEW, lastSeq: from.after, goals: { [goal.id]: { ...goal, status: "active" } } },
      end: endOfGoal(from.goalId),
      signal: leave.signal,
    });
    const now = await connection.client.getGoal({ params: { goal: from.goalId } });
    if (followed.exitCode === null)
      terminal.err(`Left ${now.name} at work. \`bureau goal show ${now.name}\` says how it stands.\n`);
    await showEnd(call, connection, now, followed.exitCode ?? NOT_DONE);
    return followed.exitCode ?? NOT_DONE;
  } finally {
    stopListening();
  }
}

async function showEnd(
  call: Pick<Call, "terminal" | "options">,
  connection: Connection,
  goal: Goal,
  exitCode: number,
): Promise<void> {
  const { evidence } = await connection.client.listEvidence({ params: { goal: goal.id }, query: { limit: 100 } });
  if (call.options.json === true) {
    call.terminal.out(`${JSON.stringify({ type: "result", exitCode, goal, evidence })}\n`);
    return;
  }
  call.terminal.err(`\n${goalLine(call.terminal, goal)}`);
  if (evidence.length > 0) call.terminal.err(`${checkLines(call.terminal, goal, evidence).join("\n")}\n`);
}
