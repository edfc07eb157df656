import { AppError, type Effect, type EffectList, type ListEffects } from "@bureau/protocol";
import type { Queryable } from "../store/database.ts";
import { effectFromRow, type EffectRow } from "../store/effects.ts";
import { findAgent, findGoal } from "./lookup.ts";
import { partOf } from "./page.ts";

/** Newest first. */
export async function listEffects(database: Queryable, query: ListEffects): Promise<EffectList> {
  const agent = query.agent === undefined ? null : await findAgent(database, query.agent);
  const goal = query.goal === undefined ? null : await findGoal(database, query.goal);
  const { rows } = await database.query<EffectRow>({
    name: "list_effects",
    text: `SELECT * FROM effects
           WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::text IS NULL OR agent_id = $2)
             AND ($3::text IS NULL OR goal_id = $3) AND ($4::text IS NULL OR run_id = $4)
             AND ($5::text IS NULL OR id < $5)
           ORDER BY id DESC LIMIT $6`,
    values: [
      query.status ?? null,
      agent?.id ?? null,
      goal?.id ?? null,
      query.run ?? null,
      query.cursor ?? null,
      query.limit + 1,
    ],
  });
  const part = partOf(rows, query.limit, (row) => row.id);
  return { effects: part.rows.map(effectFromRow), nextCursor: part.nextCursor };
}

export async function getEffect(database: Queryable, effect: string): Promise<Effect> {
  return effectFromRow(await findEffectRow(database, effect));
}

export async function findEffectRow(database: Queryable, id: string, lock = false): Promise<EffectRow> {
  const { rows } = await database.query<EffectRow>(`SELECT * FROM effects WHERE id = $1 ${lock ? "FOR UPDATE" : ""}`, [
    id,
  ]);
  if (rows[0]) return rows[0];
  throw new AppError("not_found", `There is no effect "${id}".`, {
    hint: "`bureau effects list` shows what there is.",
  });
}
