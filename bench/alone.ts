import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { bureauUp, makeWorkspace, type BureauServer } from "./bureau.ts";
import { quantile } from "./measure.ts";
import type { BenchModelServer } from "./model-server.ts";
import { cpuMs, memoryBytes } from "./processes.ts";
import { agentPrompt } from "./round.ts";
import type { Place } from "./subject.ts";

/** Rounds of this part, apart from those of the loads. */
const FIRST_ROUND = 1_000_000;
const STARTS = 5;
const SUBMITS = 20;
/** Submits that do not count: a warm server is asked. */
const WARM_UP_SUBMITS = 10;
/** A server is left in peace for so long before it counts as idle. */
const SETTLE_MS = 5_000;
const IDLE_MS = 20_000;
const QUICK_IDLE_MS = 5_000;
const GOALS = 1_000;
const QUICK_GOALS = 100;
const GOALS_AT_ONCE = 20;
const LIMIT_MS = 180_000;
const LOOK_MS = 50;
const MIB = 1024 * 1024;

/** What is measured of Bureau alone. */
export interface AloneFigures {
  /** From no process, on a database that is there, to the first request to the model: medians. */
  startToRequestMs: number;
  startToReadyMs: number;
  /** One agent, a warm server: from handing the prompt over to the first request. */
  submitP50Ms: number;
  idle: IdleFigures;
  /** The same workspace after a restart, with goals that wait for a person's answer. */
  parkedGoals: number;
  idleParked: IdleFigures;
}

export interface IdleFigures {
  /** Server and database. */
  mib: number;
  /** Share of one core, in percent. */
  processorPercent: number;
}

interface Alone {
  server: BenchModelServer;
  place: Place;
  quick: boolean;
}

export async function measureAlone({ server, place, quick }: Alone): Promise<AloneFigures> {
  const workspace = makeWorkspace(place);
  const rounds = { next: FIRST_ROUND };
  const idleMs = quick ? QUICK_IDLE_MS : IDLE_MS;
  const goals = quick ? QUICK_GOALS : GOALS;
  try {
    // The first start makes the database.
    await withBureau(workspace, () => Promise.resolve());
    const starts = [];
    for (let start = 0; start < (quick ? 1 : STARTS); start += 1)
      starts.push(await measureStart(server, workspace, rounds));
    const submits = await withBureau(workspace, (bureau) => measureSubmits(server, bureau, rounds));
    const idle = await withBureau(workspace, (bureau) => measureIdle(bureau, idleMs));
    await withBureau(workspace, (bureau) => parkGoals(server, bureau, rounds, goals));
    const idleParked = await withBureau(workspace, (bureau) => measureIdle(bureau, idleMs));
    return {
      startToRequestMs: quantile(
        starts.map((start) => start.requestMs),
        0.5,
      ),
      startToReadyMs: quantile(
        starts.map((start) => start.readyMs),
        0.5,
      ),
      submitP50Ms: quantile(submits, 0.5),
      idle,
      parkedGoals: goals,
      idleParked,
    };
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

async function withBureau<T>(workspace: string, work: (bureau: BureauServer) => Promise<T>): Promise<T> {
  const bureau = await bureauUp(workspace);
  try {
    return await work(bureau);
  } finally {
    await bureau.stop();
  }
}

interface Rounds {
  next: number;
}

async function measureStart(server: BenchModelServer, workspace: string, rounds: Rounds) {
  const before = now();
  return await withBureau(workspace, async (bureau) => {
    const readyMs = now() - before;
    return { readyMs, requestMs: (await firstRequest(server, bureau, rounds)) - before };
  });
}

async function measureSubmits(server: BenchModelServer, bureau: BureauServer, rounds: Rounds): Promise<number[]> {
  const times: number[] = [];
  for (let submit = 0; submit < WARM_UP_SUBMITS + SUBMITS; submit += 1) {
    const before = { at: 0 };
    const at = await firstRequest(server, bureau, rounds, before);
    if (submit >= WARM_UP_SUBMITS) times.push(at - before.at);
  }
  return times;
}

/** Starts one run of no turns, and says when its first request came. */
async function firstRequest(
  server: BenchModelServer,
  bureau: BureauServer,
  rounds: Rounds,
  submitted: { at: number } = { at: 0 },
): Promise<number> {
  const round = rounds.next++;
  await server.begin({ turns: 0, call: { name: "read_file", arguments: {} }, hold: false });
  submitted.at = now();
  const run = await bureau.client.startRun({ body: { text: agentPrompt(round, 0) } });
  await until(async () => (await bureau.client.getRun({ params: { runId: run.id } })).endedAt !== null);
  return (await server.report()).firstRequestAt[0] ?? Number.NaN;
}

async function measureIdle(bureau: BureauServer, idleMs: number): Promise<IdleFigures> {
  await sleep(SETTLE_MS);
  const before = { at: now(), cpuMs: cpuMs(bureau.pids()) };
  await sleep(idleMs);
  return {
    mib: memoryBytes(bureau.pids()) / MIB,
    processorPercent: ((cpuMs(bureau.pids()) - before.cpuMs) / (now() - before.at)) * 100,
  };
}

/** Goals whose agent asked a person something: each waits until it is answered. */
async function parkGoals(server: BenchModelServer, bureau: BureauServer, rounds: Rounds, goals: number): Promise<void> {
  const round = rounds.next++;
  const call = { name: "ask_person", arguments: { question: "Which colour?" } };
  await server.begin({ turns: 1, call, hold: false });
  for (let first = 0; first < goals; first += GOALS_AT_ONCE) {
    const some = Array.from({ length: Math.min(GOALS_AT_ONCE, goals - first) }, (_, index) => first + index);
    await Promise.all(
      some.map((goal) => bureau.client.createGoal({ body: { name: `waits-${goal}`, text: agentPrompt(round, goal) } })),
    );
  }
  await until(async () => (await bureau.client.getStatus()).counts.inboxPending >= goals);
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (const end = now() + LIMIT_MS; now() < end;) {
    if (await isTrue()) return;
    await sleep(LOOK_MS);
  }
  throw new Error(`It was not so after ${LIMIT_MS / 1000} s.`);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
