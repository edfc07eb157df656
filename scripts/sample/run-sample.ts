import type { Goal, GoalStatus } from "@bureau/protocol";
import { followGoal } from "../../packages/cli/src/actions/follow-goal.ts";
import { type Connection, connectionTo } from "../../packages/cli/src/connect.ts";
import type { Terminal } from "../../packages/cli/src/terminal.ts";
import { SAMPLE_AGENT, SAMPLE_GOAL, sampleGoal } from "./make-sample.ts";

const OPEN: GoalStatus[] = ["active", "waiting", "paused", "blocked", "draft"];
const MAX_GOALS = 500;

export interface SampleServer {
  url: string;
  token: string;
  workspace: string;
}

/** Sets the sample's goal, or goes on with one that is not over, and writes what happens until it ends. */
export async function runSample(terminal: Terminal, server: SampleServer): Promise<Goal> {
  const connection = connectionTo(server.workspace, server.url, server.token);
  const { lastSeq } = await connection.client.getStatus();
  const goal = (await openGoal(connection)) ?? (await setGoal(terminal, connection));
  await followGoal({ terminal, options: {} }, connection, { goalId: goal.id, after: lastSeq });
  return connection.client.getGoal({ params: { goal: goal.id } });
}

/** The sample's goal that was done last, and whether a rehearsal did it. */
export async function lastDone(server: SampleServer): Promise<{ goal: Goal; rehearsal: boolean } | null> {
  const { client } = connectionTo(server.workspace, server.url, server.token);
  const { goals } = await client.listGoals({ query: { limit: MAX_GOALS, status: ["done"] } });
  const goal = goals.find(isSample);
  if (goal === undefined) return null;
  const { runs } = await client.listGoalRuns({ params: { goal: goal.id }, query: { limit: 1 } });
  return { goal, rehearsal: runs[0]?.rehearsal ?? false };
}

async function openGoal({ client }: Connection): Promise<Goal | null> {
  const { goals } = await client.listGoals({ query: { limit: MAX_GOALS, status: OPEN } });
  const goal = goals.find(isSample);
  if (goal === undefined) return null;
  return goal.status === "active" || goal.status === "waiting"
    ? goal
    : client.resumeGoal({ params: { goal: goal.id } });
}

async function setGoal(terminal: Terminal, { client }: Connection): Promise<Goal> {
  const { findings } = await client.doctor();
  const sandbox = findings.find((finding) => finding.name === "Sandbox");
  const hasSandbox = sandbox?.status === "ok";
  if (!hasSandbox)
    terminal.out(
      `The goal's command check is left out: ${sandbox?.message ?? "no sandbox was found"} ${sandbox?.hint ?? ""}\n`,
    );
  return client.createGoal({ body: { text: await sampleGoal(hasSandbox), agent: SAMPLE_AGENT, name: SAMPLE_GOAL } });
}

function isSample(goal: Goal): boolean {
  return goal.name === SAMPLE_GOAL || goal.name.startsWith(`${SAMPLE_GOAL}-`);
}
