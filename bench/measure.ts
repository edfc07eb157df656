import { setTimeout as sleep } from "node:timers/promises";
import type { BenchModelServer } from "./model-server.ts";
import { cpuMs, memoryBytes } from "./processes.ts";
import { agentPrompt } from "./round.ts";
import type { RunningSubject, Subject, ToolKind } from "./subject.ts";

const HOLD_POLL_MS = 20;
const MIB = 1024 * 1024;
const ROUND_LIMIT_MS = 5 * 60_000;

export interface Load {
  agents: number;
  turns: number;
  kind: ToolKind;
}

export interface Figures {
  subject: string;
  load: Load;
  /** From handing over to the last agent's request after its last turn. */
  wallMs: number;
  turnsPerSecond: number;
  turnP50Ms: number;
  turnP95Ms: number;
  /** The first and the last 20 turns of a load: they differ when a long thread grows slow. */
  firstTurnsP50Ms: number;
  lastTurnsP50Ms: number;
  submitP50Ms: number;
  cpuPerTurnMs: number;
  /** Of the whole process tree, all agents waiting for their last answer. */
  waitingMib: number;
  /** What each waiting agent adds to the memory before the load. */
  perAgentMib: number;
  firstRequestBytes: number;
}

export interface Bench {
  server: BenchModelServer;
  subject: Subject;
  running: RunningSubject;
  /** Different in every load, so that no two agents share a mark. */
  round: number;
}

/** Puts one load on a subject and reads its figures. */
export async function measure({ server, subject, running, round }: Bench, load: Load): Promise<Figures> {
  const prompts = Array.from({ length: load.agents }, (_, agent) => agentPrompt(round, agent));
  await server.begin({ turns: load.turns, call: subject.calls[load.kind], hold: true });
  const roots = running.pids();
  const [memoryBefore, cpuBefore] = [memoryBytes(roots), cpuMs(roots)];
  const submittedAt = performance.timeOrigin + performance.now();
  const ended = running.submit({ prompts, turns: load.turns, kind: load.kind });
  await allWaiting(server, load, ended, submittedAt);
  const [memoryWaiting, cpuWaiting] = [memoryBytes(roots), cpuMs(roots)];
  const report = await server.report();
  await server.release();
  await ended;

  const turns = load.agents * load.turns;
  const wallMs = report.lastRequestAt - submittedAt;
  return {
    subject: subject.name,
    load,
    wallMs,
    turnsPerSecond: (turns * 1000) / wallMs,
    turnP50Ms: quantile(report.turnMs, 0.5),
    turnP95Ms: quantile(report.turnMs, 0.95),
    firstTurnsP50Ms: quantile(report.turnMs.slice(0, 20), 0.5),
    lastTurnsP50Ms: quantile(report.turnMs.slice(-20), 0.5),
    submitP50Ms: quantile(report.firstRequestAt, 0.5) - submittedAt,
    cpuPerTurnMs: (cpuWaiting - cpuBefore) / turns,
    waitingMib: memoryWaiting / MIB,
    perAgentMib: (memoryWaiting - memoryBefore) / MIB / load.agents,
    firstRequestBytes: report.firstRequestBytes,
  };
}

/** Waits until every agent's last answer is held back. Fails when the subject ends, or stops, before. */
async function allWaiting(server: BenchModelServer, load: Load, ended: Promise<void>, since: number): Promise<void> {
  let isOver = false;
  const over = ended.then(() => {
    isOver = true;
  });
  const limit = since + ROUND_LIMIT_MS;
  for (;;) {
    const agentsAtEnd = await server.agentsAtEnd();
    if (agentsAtEnd >= load.agents) return;
    if (isOver) throw new Error(`The subject ended with ${agentsAtEnd} of ${load.agents} agents at their last answer.`);
    if (performance.timeOrigin + performance.now() > limit)
      throw new Error(
        `After ${ROUND_LIMIT_MS / 1000} s, ${agentsAtEnd} of ${load.agents} agents had done their turns.`,
      );
    await Promise.race([sleep(HOLD_POLL_MS), over]);
  }
}

/** The figures of several repeats of one load, each the median of its own. */
export function medianFigures(repeats: Figures[]): Figures {
  const first = repeats[0];
  if (!first) throw new Error("There is no median of no measurement.");
  const median = (key: Exclude<keyof Figures, "subject" | "load">): number =>
    quantile(
      repeats.map((figures) => figures[key]),
      0.5,
    );
  return {
    subject: first.subject,
    load: first.load,
    wallMs: median("wallMs"),
    turnsPerSecond: median("turnsPerSecond"),
    turnP50Ms: median("turnP50Ms"),
    turnP95Ms: median("turnP95Ms"),
    firstTurnsP50Ms: median("firstTurnsP50Ms"),
    lastTurnsP50Ms: median("lastTurnsP50Ms"),
    submitP50Ms: median("submitP50Ms"),
    cpuPerTurnMs: median("cpuPerTurnMs"),
    waitingMib: median("waitingMib"),
    perAgentMib: median("perAgentMib"),
    firstRequestBytes: median("firstRequestBytes"),
  };
}

/** The value below which this share of the values lies, by linear interpolation; NaN of none. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return low + (high - low) * (place - Math.floor(place));
}
