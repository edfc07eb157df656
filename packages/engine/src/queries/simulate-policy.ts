import { AppError, type PolicyRule, type PolicySimulation, type SimulatePolicy } from "@bureau/protocol";
import type { Action } from "../domain/action.ts";
import { decide, type Decision } from "../domain/policy.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Queryable } from "../store/database.ts";
import { loadRules } from "../store/policy-rules.ts";
import type { AgentRow, GoalRow } from "../store/rows.ts";
import { actionFrom, actionOf } from "../tools/action-of.ts";
import type { Tool } from "../tools/tool.ts";
import { parseToolArguments } from "../tools/tool-arguments.ts";
import { findAgent, findGoal, findRun } from "./lookup.ts";

export interface SimulationParts {
  database: Queryable;
  /** The rules of `bureau.yaml`. */
  settings: readonly PolicyRule[];
  tools: readonly Tool[];
  /** Those of the servers that an agent is connected to. */
  connectedTools(agent: { folder: string }): Promise<{ tools: readonly Tool[] }>;
  sandbox: Sandbox;
}

/** What would happen if this agent made this call. Reads only, and runs nothing. */
export async function simulatePolicy(parts: SimulationParts, input: SimulatePolicy): Promise<PolicySimulation> {
  const { database } = parts;
  const agent = await findAgent(database, input.agent);
  const goal = input.goal === undefined ? null : await findGoal(database, input.goal);
  const run = input.run === undefined ? null : await findRun(database, input.run);
  const tools = [...parts.tools, ...(await parts.connectedTools(agent)).tools];
  const { action, needsApproval } = readCall({ tools, sandbox: parts.sandbox }, input, agent);
  const asker = { agent: agent.name, goalId: goal?.id ?? run?.goal_id ?? null, runId: run?.id ?? null };
  const decision = decide([...parts.settings, ...(await loadRules(database, asker))], {
    ...asker,
    action,
    taint: input.tainted.map((name) => ({ name, tool: "simulation" })),
    words: input.words ?? wordsOf(goal),
    sameCallsInRun: input.sameCallsInRun,
  });
  return { ...(await withTool(decision, needsApproval)), action };
}

interface ReadCall {
  action: Action;
  /** What the tool itself says of running this call unasked. */
  needsApproval: () => Promise<string | null>;
}

function readCall(
  { tools, sandbox }: Pick<SimulationParts, "tools" | "sandbox">,
  input: SimulatePolicy,
  agent: AgentRow,
): ReadCall {
  const tool = tools.find((each) => each.name === input.tool) ?? tools.find((each) => each.kind === input.tool);
  if (tool === undefined) {
    const named = { tool: input.tool, kind: input.tool, effect: input.effect ?? "write_outside", reversible: false };
    const { targets, carriesOut, reaches } = input;
    const details = {
      ...(targets === undefined ? {} : { targets }),
      ...(carriesOut === undefined ? {} : { carriesOut }),
      ...(reaches === undefined ? {} : { reaches }),
    };
    return { action: actionFrom(named, input.arguments, details), needsApproval: async () => null };
  }
  if ([input.effect, input.targets, input.carriesOut, input.reaches].some((part) => part !== undefined)) {
    throw new AppError("invalid", `What ${tool.name} does and reaches is known.`, {
      hint: "Leave out effect, targets, carriesOut and reaches: they are for tools that are not there.",
    });
  }
  const parsed = parseToolArguments(tool, JSON.stringify(input.arguments));
  if (!parsed.ok) throw new AppError("invalid", parsed.message);
  return {
    action: actionOf(tool, parsed.args, { agent: agent.name }),
    needsApproval: async () => (await tool.needsApproval?.(parsed.args, { folder: agent.folder, sandbox })) ?? null,
  };
}

async function withTool(decision: Decision, needsApproval: ReadCall["needsApproval"]): Promise<Decision> {
  if (decision.verdict !== "allow") return decision;
  const reason = await needsApproval();
  return reason === null ? decision : { verdict: "ask", reason, rule: null, because: "default" };
}

function wordsOf(goal: GoalRow | null): string {
  return goal === null ? "" : [goal.spec.title, goal.spec.brief, goal.spec.done ?? ""].join("\n");
}
