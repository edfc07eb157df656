import type { Agent, AgentList, ListAgents } from "@bureau/protocol";
import { findAgent } from "./lookup.ts";
import type { Queryable } from "../store/database.ts";
import { agentFromRow, type AgentRow } from "../store/rows.ts";
import { partOf } from "./page.ts";

/** By name. */
export async function listAgents(database: Queryable, query: ListAgents): Promise<AgentList> {
  const { rows } = await database.query<AgentRow>({
    name: "list_agents",
    text: `SELECT * FROM agents
           WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::text IS NULL OR name > $2)
           ORDER BY name LIMIT $3`,
    values: [query.status ?? null, query.cursor ?? null, query.limit + 1],
  });
  const part = partOf(rows, query.limit, (row) => row.name);
  return { agents: part.rows.map(agentFromRow), nextCursor: part.nextCursor };
}

export async function getAgent(database: Queryable, agent: string): Promise<Agent> {
  return agentFromRow(await findAgent(database, agent));
}
