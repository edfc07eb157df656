import {
  AppError,
  INBOX_KINDS,
  type ListPeople,
  type Person,
  type PersonId,
  type PersonList,
  type Preferences,
} from "@bureau/protocol";
import { machineTimeZone } from "../clock.ts";
import type { Queryable } from "../store/database.ts";
import { partOf } from "./page.ts";

export interface PersonRow {
  id: PersonId;
  name: string;
  role: Person["role"];
  goals: Person["goals"];
  threads: Person["threads"];
  preferences: Partial<Preferences>;
  created_by: string;
  created_at: Date;
  removed_at: Date | null;
}

/** In the order in which they came: the owner first. */
export async function listPeople(database: Queryable, query: ListPeople): Promise<PersonList> {
  const { rows } = await database.query<PersonRow & { place: string }>(
    `SELECT *, (role <> 'owner')::int || id AS place FROM people
     WHERE (CASE WHEN removed_at IS NULL THEN 'active' ELSE 'removed' END) = ANY($1)
       AND ($2::text IS NULL OR (role <> 'owner')::int || id > $2)
     ORDER BY place LIMIT $3`,
    [query.status, query.cursor ?? null, query.limit + 1],
  );
  const part = partOf(rows, query.limit, (row) => row.place);
  return { people: part.rows.map(personFromRow), nextCursor: part.nextCursor };
}

/** By id, or by the name of one who was not removed. */
export async function findPerson(
  database: Queryable,
  person: string,
  lock: "none" | "update" = "none",
): Promise<PersonRow> {
  const { rows } = await database.query<PersonRow>(
    `SELECT * FROM people WHERE id = $1 OR (lower(name) = lower($2) AND removed_at IS NULL)
     ORDER BY (id = $1) DESC LIMIT 1 ${lock === "update" ? "FOR UPDATE" : ""}`,
    [person, person.normalize("NFC")],
  );
  if (rows[0] !== undefined) return rows[0];
  throw new AppError("not_found", `There is no person "${person}".`, { hint: "`bureau person list` shows them." });
}

export async function getPerson(database: Queryable, person: string): Promise<Person> {
  return personFromRow(await findPerson(database, person));
}

/** When and of what somebody is told: what they chose, and for the rest what holds for everyone. */
export async function getPreferences(database: Queryable, person: string): Promise<Preferences> {
  return preferencesOf(await findPerson(database, person));
}

export function preferencesOf({ preferences }: Pick<PersonRow, "preferences">): Preferences {
  return {
    hours: preferences.hours ?? null,
    timeZone: preferences.timeZone ?? machineTimeZone(),
    kinds: preferences.kinds ?? [...INBOX_KINDS],
    showContent: preferences.showContent ?? false,
  };
}

/** Whether a guest was invited to a goal or a thread, or has an entry of the inbox to decide. */
export async function isInvitedTo(
  database: Queryable,
  person: PersonId,
  thing: { kind: "goal" | "thread" | "entry"; id: string },
): Promise<boolean> {
  const { rows } = await database.query({ text: INVITED[thing.kind], values: [person, thing.id] });
  return rows.length > 0;
}

const INVITED = {
  goal: "SELECT 1 FROM people p JOIN goals g ON g.id = ANY(p.goals) WHERE p.id = $1 AND (g.id = $2 OR g.name = $2)",
  thread: `SELECT 1 FROM people p JOIN threads t ON t.id = ANY(p.threads) OR t.goal_id = ANY(p.goals)
           WHERE p.id = $1 AND t.id = $2`,
  entry: "SELECT 1 FROM people p JOIN inbox i ON lower(i.assignee) = lower(p.name) WHERE p.id = $1 AND i.id = $2",
};

export function personFromRow(row: PersonRow): Person {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    status: row.removed_at === null ? "active" : "removed",
    goals: row.goals,
    threads: row.threads,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    removedAt: row.removed_at?.toISOString() ?? null,
  };
}
