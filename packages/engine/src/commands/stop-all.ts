import type { Halt, StopAllReply } from "@bureau/protocol";
import { readHalt, setHalt } from "../store/halt.ts";
import type { RunRow } from "../store/rows.ts";
import { change } from "./change.ts";
import type { CommandParts } from "./parts.ts";

/** Runs that are told to stop in one transaction. */
const BATCH = 500;
const MAX_BATCHES = 10_000;
/** How often, and how long, it is looked whether steps have ended: within a second they have. */
const LOOK_MS = 20;
const LOOKS_END_MS = 800;

/**
 * Stops everything. No model call, tool call, check or effect begins after this resolved with nothing still ending.
 *
 * The flag is committed before the runs are looked for: a run that is taken up later sees it, one that was taken up
 * before is found here. Raising `control` under the run's lock refuses every intent that is not written yet.
 */
export async function stopAll(parts: CommandParts, by: string): Promise<StopAllReply> {
  await change(parts, async (change) => {
    const halted = { at: change.now.toISOString(), by };
    if (await setHalt(change.transaction, halted)) change.addEvent({ type: "everything.stopped", data: { halted } });
  });
  let told = 0;
  let after = "";
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const runs = await tellToStop(parts, after);
    told += runs.length;
    after = runs.at(-1)?.id ?? after;
    if (runs.length < BATCH) break;
  }
  const ending = await untilEnded(parts);
  const halted = (await readHalt(parts.database)) ?? null;
  return { halted, runs: told, ending, sentence: sentenceOf(halted, told, ending) };
}

async function tellToStop(parts: CommandParts, after: string): Promise<Pick<RunRow, "id" | "status">[]> {
  return await change(parts, async (change) => {
    const { rows } = await change.transaction.query<Pick<RunRow, "id" | "status">>(
      `WITH open AS (
         SELECT id FROM runs WHERE status IN ('queued', 'running', 'waiting') AND NOT pause_requested AND id > $1
         ORDER BY id LIMIT ${BATCH} FOR NO KEY UPDATE
       )
       UPDATE runs SET pause_requested = true, control = control + 1 FROM open WHERE runs.id = open.id RETURNING runs.id, runs.status`,
      [after],
    );
    for (const run of rows) if (run.status === "running") change.interrupt(run.id);
    return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  });
}

/** How many runs have still not put down what they were at when the person's patience ends. */
async function untilEnded({ database, clock }: CommandParts): Promise<number> {
  const end = clock.now() + LOOKS_END_MS;
  for (;;) {
    const { rows } = await database.query<{ count: number }>({
      name: "count_at_work",
      text: "SELECT count(*)::int AS count FROM runs WHERE status = 'running'",
    });
    const count = rows[0]?.count ?? 0;
    if (count === 0 || clock.now() >= end) return count;
    await clock.sleep(LOOK_MS);
  }
}

function sentenceOf(halted: Halt | null, told: number, ending: number): string {
  if (halted === null) return "It was resumed again meanwhile.";
  const runs = told === 0 ? "Nothing was at work." : `${told} ${told === 1 ? "run was" : "runs were"} stopped.`;
  const still = ending === 0 ? "" : ` ${ending} still ${ending === 1 ? "puts" : "put"} down what they were at.`;
  return `Everything is stopped. ${runs}${still} \`bureau resume --all\` lets it go on.`;
}
