import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "@bureau/engine";
import { goalInput } from "./plan.ts";
import { type Finding, verifyDatabase, verifyGoal } from "./verify.ts";
import { createWorld, kill, type Server, type World } from "./world.ts";

/** What is killed: the server, its process group, the database, what runs commands, or all of these at once. */
export const KINDS = ["server", "group", "database", "broker", "everything"] as const;
export type Kind = (typeof KINDS)[number];

/** Of a kill at work: how long after the first write it comes. */
const MAX_LIFE_MS = 1_200;
/** Of a kill while the server starts. */
const MAX_START_MS = 700;
/** One kill in so many comes while the server starts. */
const START_KILL_EVERY = 6;
const POLL_MS = 10;
/** Nothing is written for so long: the work has come to a stand. */
const STILL_MS = 60_000;

export interface TrialOptions {
  seed: number;
  points: number;
  waitForBroker: boolean;
  log: (line: string) => void;
}

export interface Kill {
  kind: Kind;
  /** From the start of the new server, or from the death of what it brings back, to the next write of a run. */
  recoveryMs: number | null;
}

export interface TrialReport {
  kills: Kill[];
  goals: number;
  interrupted: number;
  findings: Finding[];
}

/** Kills processes of a working Bureau at random times, with no client connected, and looks at what came of it. */
export async function runTrial(options: TrialOptions): Promise<TrialReport> {
  const world = await createWorld();
  try {
    const state: State = { world, random: randomOf(options.seed), server: world.startServer(), goal: 0, kills: [] };
    await nextGoal(state);
    while (state.kills.length < options.points) {
      await killOnce(state, KINDS[state.kills.length % KINDS.length]!, options.log);
    }
    await settle(state, options.log);
    return await report(state, options);
  } finally {
    await world.remove();
  }
}

interface State {
  world: World;
  random: () => number;
  server: Server;
  goal: number;
  kills: Kill[];
}

/** The only moment at which a client is connected. */
async function nextGoal(state: State): Promise<void> {
  const { url, token } = await state.server.ready;
  state.goal += 1;
  const response = await fetch(`${url}/api/goals`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", connection: "close" },
    body: JSON.stringify(goalInput(state.goal)),
  });
  if (!response.ok) throw new Error(`The goal was refused: ${response.status} ${await response.text()}`);
}

async function killOnce(state: State, kind: Kind, log: TrialOptions["log"]): Promise<void> {
  if ((await progress(state)).done) await nextGoal(state);
  await sleep(Math.round(state.random() * MAX_LIFE_MS));
  const startedAt = await strike(state, kind);
  const mayDieEarly =
    kind !== "database" && kind !== "broker" && state.kills.length % START_KILL_EVERY === START_KILL_EVERY - 1;
  if (mayDieEarly) {
    state.kills.push({ kind, recoveryMs: null });
    await sleep(Math.round(state.random() * MAX_START_MS));
    const again = await strike(state, kind);
    await recover(state, kind, again, log);
  } else await recover(state, kind, startedAt, log);
}

/** Returns when the new server was started, or what it brings back by itself was killed. */
async function strike(state: State, kind: Kind): Promise<number> {
  const { world, server } = state;
  const database = await world.databasePid();
  if (kind === "database" && database !== null) kill(database);
  if (kind === "broker") for (const pid of world.brokerPids()) kill(pid);
  if (kind === "database" || kind === "broker") return performance.now();
  if (kind === "group") kill(-server.pid);
  else kill(server.pid);
  if (kind === "everything") {
    if (database !== null) kill(database);
    for (const pid of world.brokerPids()) kill(pid);
  }
  const at = performance.now();
  state.server = world.startServer();
  return at;
}

async function recover(state: State, kind: Kind, since: number, log: TrialOptions["log"]): Promise<void> {
  const recoveryMs = await untilNextWrite(state, since);
  state.kills.push({ kind, recoveryMs });
  log(
    `${String(state.kills.length).padStart(4)}  ${kind.padEnd(10)}  ${recoveryMs === null ? "" : `${recoveryMs} ms`}`,
  );
}

interface Progress {
  commits: number;
  done: boolean;
}

/** Null when the goal was already over. */
async function untilNextWrite(state: State, since: number): Promise<number | null> {
  const before = await progress(state);
  if (before.done) return null;
  for (;;) {
    const now = await progress(state);
    if (now.commits > before.commits) return Math.round(performance.now() - since);
    if (performance.now() - since > STILL_MS) throw new Error(`No run wrote anything for ${STILL_MS / 1000} s.`);
    await sleep(POLL_MS);
  }
}

async function progress(state: State): Promise<Progress> {
  const { rows } = await ask(state, async (database) =>
    database.query(
      `SELECT (SELECT coalesce(sum(commits), 0)::int FROM runs) AS commits,
         coalesce((SELECT status NOT IN ('active', 'waiting') FROM goals WHERE name = $1), false) AS done`,
      [`goal${state.goal}`],
    ),
  );
  return rows[0] as Progress;
}

/** Asks past Bureau, for as long as the database is away. */
async function ask<T>(state: State, work: (database: Database) => Promise<T>): Promise<T> {
  for (const until = performance.now() + STILL_MS; ;) {
    const failure = state.server.failure();
    if (failure !== null) throw new Error(failure);
    const database = await state.world.connect();
    try {
      if (database) return await work(database);
    } catch (error) {
      if (performance.now() > until) throw error;
    } finally {
      await database?.close();
    }
    if (performance.now() > until) throw new Error(`The database was away for ${STILL_MS / 1000} s.`);
    await sleep(POLL_MS);
  }
}

/** Waits for the last goal's end. */
async function settle(state: State, log: TrialOptions["log"]): Promise<void> {
  let last = { commits: 0, at: performance.now() };
  for (;;) {
    const now = await progress(state);
    if (now.done) break;
    if (now.commits > last.commits) last = { commits: now.commits, at: performance.now() };
    if (performance.now() - last.at > STILL_MS) throw new Error(`No run wrote anything for ${STILL_MS / 1000} s.`);
    await sleep(POLL_MS * 10);
  }
  await state.server.ready;
  log(`      ${state.goal} goals are over`);
}

async function report(state: State, options: TrialOptions): Promise<TrialReport> {
  const { world } = state;
  const findings: Finding[] = [];
  for (let goal = 1; goal <= state.goal; goal += 1) {
    findings.push(...(await ask(state, (database) => verifyGoal(database, world.work, goal))));
  }
  findings.push(...(await ask(state, verifyDatabase)));
  const { rows } = await ask(state, (database) =>
    database.query("SELECT count(*)::int AS count FROM tool_calls WHERE status = 'interrupted'"),
  );
  const left = await world.finish(state.server, options);
  findings.push({ name: "no process is left", problems: left });
  return { kills: state.kills, goals: state.goal, interrupted: (rows[0] as { count: number }).count, findings };
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
