import type { ResumeAllReply } from "@bureau/protocol";
import { clearHalt } from "../store/halt.ts";
import type { RunRow } from "../store/rows.ts";
import { change, type Change } from "./change.ts";
import type { CommandParts } from "./parts.ts";
import { requeueRuns } from "./run-writes.ts";

/** Runs that are let go on in one transaction. */
const BATCH = 500;
const MAX_BATCHES = 10_000;

/**
 * Lifts the stop of everything. What was at work goes on by itself; what a person paused otherwise stays paused.
 *
 * The flag is lifted first: from then on no run is paused because of it, and all that were are found here.
 */
export async function resumeAll(parts: CommandParts): Promise<ResumeAllReply> {
  const halted = await change(parts, async (change) => {
    const lifted = await clearHalt(change.transaction);
    if (lifted !== null) change.addEvent({ type: "everything.resumed", data: { halted: null } });
    return lifted;
  });
  let runs = 0;
  let after = "";
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const done = await change(parts, (change) => letGoOn(change, after));
    runs += done.resumed;
    after = done.last ?? after;
    if (done.found < BATCH) break;
  }
  const many = `${runs} ${runs === 1 ? "run goes" : "runs go"} on.`;
  return { runs, sentence: halted === null && runs === 0 ? "Nothing was stopped." : `Work may go on. ${many}` };
}

async function letGoOn(change: Change, after: string): Promise<{ found: number; resumed: number; last?: string }> {
  const { transaction } = change;
  // Agents come before runs in the order of locks, and one that is being paused now must be seen.
  await transaction.query("SELECT 1 FROM agents ORDER BY id FOR SHARE");
  const { rows: found } = await transaction.query<RunRow>(
    `SELECT * FROM runs WHERE status IN ('queued', 'running', 'waiting') AND pause_requested AND id > $1
     ORDER BY id LIMIT ${BATCH} FOR NO KEY UPDATE`,
    [after],
  );
  const last = found.at(-1)?.id;
  if (last === undefined) return { found: 0, resumed: 0 };
  const { rows: paused } = await transaction.query<{ id: string }>(
    `SELECT r.id FROM runs r JOIN agents a ON a.id = r.agent_id LEFT JOIN goals g ON g.id = r.goal_id
     WHERE r.id = ANY($1) AND (a.status = 'paused' OR g.status = 'paused')`,
    [found.map((run) => run.id)],
  );
  const stays = new Set(paused.map((run) => run.id));
  const free = found.filter((run) => !stays.has(run.id));
  const parked = free.filter((run) => run.status === "waiting" && run.wait_reason === "paused");
  await requeueRuns(change, parked);
  await transaction.query(
    `UPDATE runs SET pause_requested = false, control = control + 1 WHERE id = ANY($1) AND pause_requested`,
    [free.map((run) => run.id)],
  );
  return { found: found.length, resumed: free.length, last };
}
