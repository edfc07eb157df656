import type { RunRow } from "../store/rows.ts";
import type { Change } from "./change.ts";
import { requeueRuns } from "./run-writes.ts";

/** More than so many wait on: they are woken at the end of the day. */
const MAX_RUNS = 5_000;

/**
 * Has the runs that wait for a cap ask again, after a person dismissed the entry that told of it. Those that still find
 * no room wait on, and no second entry is made for the same cap.
 */
export async function wakeCapped(change: Change, entryId: string): Promise<void> {
  const { rows } = await change.transaction.query<RunRow>(
    `SELECT * FROM runs WHERE status = 'waiting' AND wait_reason = 'timer' AND NOT pause_requested
       AND state->>'capWait' = $1
     ORDER BY id LIMIT ${MAX_RUNS} FOR NO KEY UPDATE`,
    [entryId],
  );
  await requeueRuns(change, rows);
}
