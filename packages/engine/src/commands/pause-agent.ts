import type { Agent } from "@bureau/protocol";
import { agentFromRow, type AgentRow, type RunRow } from "../store/rows.ts";
import { change, type Change } from "./change.ts";
import { findAgent } from "../queries/lookup.ts";
import type { CommandParts } from "./parts.ts";
import { pauseRun, resumeRun } from "./run-writes.ts";

const MAX_PASSES = 10;

/** Pauses an agent: its runs stop at their next call, its queued and new ones wait. */
export async function pauseAgent(parts: CommandParts, reference: string): Promise<Agent> {
  return await change(parts, async (change) => {
    const agent = await findAgent(change.transaction, reference, "update");
    if (agent.status === "paused") return agentFromRow(agent);
    // A run that ends while we wait for its lock may have been followed by another: look until none is left.
    for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
      const runs = await lockRuns(change, agent, "NOT pause_requested");
      if (runs.length === 0) break;
      for (const run of runs) await pauseRun(change, run);
    }
    return await setStatus(change, agent, "paused");
  });
}

/** Lets an agent's runs go on, other than those whose goal is paused by itself. */
export async function resumeAgent(parts: CommandParts, reference: string): Promise<Agent> {
  return await change(parts, async (change) => {
    const agent = await findAgent(change.transaction, reference, "update");
    if (agent.status === "enabled") return agentFromRow(agent);
    const runs = await lockRuns(
      change,
      agent,
      "pause_requested AND NOT EXISTS (SELECT 1 FROM goals g WHERE g.id = goal_id AND g.status = 'paused')",
    );
    for (const run of runs) await resumeRun(change, run);
    return await setStatus(change, agent, "enabled");
  });
}

async function lockRuns(change: Change, agent: AgentRow, condition: string): Promise<RunRow[]> {
  const { rows } = await change.transaction.query<RunRow>(
    `SELECT * FROM runs WHERE agent_id = $1 AND status IN ('queued', 'running', 'waiting') AND ${condition}
     ORDER BY id FOR NO KEY UPDATE`,
    [agent.id],
  );
  return rows;
}

async function setStatus(change: Change, agent: AgentRow, status: Agent["status"]): Promise<Agent> {
  const { rows } = await change.transaction.query<AgentRow>("UPDATE agents SET status = $2 WHERE id = $1 RETURNING *", [
    agent.id,
    status,
  ]);
  const updated = agentFromRow(rows[0]!);
  change.addEvent({ type: "agent.updated", data: { agent: updated } });
  return updated;
}
