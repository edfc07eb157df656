import { AppError, newId } from "@bureau/protocol";
import { findRun } from "../queries/lookup.ts";
import { readHalt } from "../store/halt.ts";
import { inboxEntryFromRow, type InboxRow } from "../store/rows.ts";
import { change } from "./change.ts";
import type { CommandParts } from "./parts.ts";
import { pauseAgent, resumeAgent } from "./pause-agent.ts";
import { pauseGoal } from "./pause-goal.ts";
import { resumeAll } from "./resume-all.ts";
import { resumeGoal } from "./resume-goal.ts";
import { pauseRun, resumeRun } from "./run-writes.ts";
import { stopAll } from "./stop-all.ts";

/** Who stopped everything when it was not a person. */
const WATCH = "the watch over spending";

/** What is paused because it spends far more than usual. */
export interface Held {
  of: "run" | "goal" | "agent" | "workspace";
  id: string;
}

/**
 * Pauses work and asks a person whether it may go on. Once for each: while the question is open, or the work is over,
 * nothing is done.
 *
 * The question comes first: a process that dies in between leaves one that can be answered, and no silent pause.
 */
export async function holdSpending(parts: CommandParts, held: Held, title: string): Promise<void> {
  const asked = await change(parts, async (change) => {
    const { rows } = await change.transaction.query<InboxRow>(
      `INSERT INTO inbox (id, kind, status, agent_id, goal_id, run_id, title, detail, created_at)
       SELECT $1, 'budget', 'pending', $2, $3, $4, $5, $6, $7
       WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE status = 'pending' AND kind = 'budget' AND detail->'held' = $8)
       RETURNING *`,
      [
        newId("notice"),
        held.of === "agent" ? held.id : null,
        held.of === "goal" ? held.id : null,
        held.of === "run" ? held.id : null,
        title,
        JSON.stringify({ held, toDo: "Say yes and the work goes on; say no and it stays paused." }),
        change.now,
        JSON.stringify(held),
      ],
    );
    const entry = rows[0];
    if (entry) change.addEvent({ type: "inbox.added", data: { entry: inboxEntryFromRow(entry) } });
    return entry !== undefined;
  });
  if (asked) await ignoringConflicts(() => pause(parts, held, title));
}

/** Lets what an entry of the inbox holds go on; does nothing for any other entry. */
export async function releaseHeld(parts: CommandParts, entryId: string): Promise<void> {
  const { rows } = await parts.database.query<{ held: Held }>(
    "SELECT detail->'held' AS held FROM inbox WHERE id = $1 AND kind = 'budget' AND status = 'pending' AND detail ? 'held'",
    [entryId],
  );
  const held = rows[0]?.held;
  if (held) await ignoringConflicts(() => resume(parts, held, entryId));
}

async function pause(parts: CommandParts, held: Held, title: string): Promise<void> {
  switch (held.of) {
    case "workspace":
      await stopAll(parts, WATCH);
      return;
    case "agent":
      await pauseAgent(parts, held.id);
      return;
    case "goal":
      await pauseGoal(parts, held.id, `Paused: ${title}`);
      return;
    case "run":
      await change(parts, async (change) => {
        const run = await findRun(change.transaction, held.id, "update");
        if (!run.pause_requested && isOpen(run.status)) await pauseRun(change, run);
      });
  }
}

async function resume(parts: CommandParts, held: Held, entryId: string): Promise<void> {
  switch (held.of) {
    case "workspace":
      if ((await readHalt(parts.database))?.by === WATCH) await resumeAll(parts);
      return;
    case "agent":
      await resumeAgent(parts, held.id);
      return;
    case "goal":
      await resumeGoal(parts, held.id, entryId);
      return;
    case "run":
      await change(parts, async (change) => {
        const run = await findRun(change.transaction, held.id, "update");
        if (run.pause_requested && isOpen(run.status)) await resumeRun(change, run);
      });
  }
}

function isOpen(status: string): boolean {
  return status === "queued" || status === "running" || status === "waiting";
}

/** The goal may be over, or gone on by a person's hand, since it was judged. */
async function ignoringConflicts(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== "conflict" && error.code !== "not_found")) throw error;
  }
}
