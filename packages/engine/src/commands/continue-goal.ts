import type { Queryable } from "../store/database.ts";
import { appendEvents, type NewEvent } from "../store/events.ts";
import type { Change } from "./change.ts";
import { findGoal } from "../queries/lookup.ts";
import { insertGoalRun, isAtWork } from "./goal-writes.ts";
import type { CommandParts } from "./parts.ts";

/** Adds the next run of a goal in the transaction that ends the run before it, so that the goal is never without. */
export async function continueGoal(parts: CommandParts, transaction: Queryable, goalId: string): Promise<void> {
  const events: NewEvent[] = [];
  const change: Change = {
    transaction: transaction as Change["transaction"],
    now: new Date(parts.clock.now()),
    addEvent: (event) => void events.push(event),
    interrupt: () => undefined,
    enqueue: ({ id, dispatch, priority }) => parts.dispatcher.enqueue(transaction, { id, dispatch, priority }),
    onRollback: () => undefined,
  };
  const goal = await findGoal(transaction, goalId, "update");
  if (!isAtWork(goal)) return;
  await insertGoalRun(change, goal, { trigger: "goal", message: null });
  await appendEvents(transaction, events);
}
