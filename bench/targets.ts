import type { AloneFigures } from "./alone.ts";
import type { Figures, Load } from "./measure.ts";

/** A figure that Bureau is to keep on two cores. */
export interface TargetResult {
  what: string;
  unit: string;
  target: number;
  /** The figure may not be under the target, in place of not over it. */
  atLeast: boolean;
  /** Null when this run did not measure it. */
  measured: number | null;
}

/** More than this is taken to be an addition; less is noise of the same measurement made twice. */
const NOISE_MIB = 5;
const NOISE_PROCESSOR_PERCENT = 0.3;

/** All figures with their targets; empty when Bureau was not measured. */
export function targetResults(figures: Figures[], alone: AloneFigures | null): TargetResult[] {
  const of = (subject: string, agents: number, turns: number, kind: Load["kind"]) =>
    figures.find(
      ({ subject: name, load }) =>
        name === subject && load.agents === agents && load.turns === turns && load.kind === kind,
    );
  if (!figures.some(({ subject }) => subject === "bureau") && alone === null) return [];
  const many = of("bureau", 44, 5, "read");
  const peer = of("ai-sdk", 44, 5, "read");
  const most = of("bureau", 1000, 5, "read");
  const long = of("bureau", 1, 150, "read");
  const ratio = (a: number | undefined, b: number | undefined) => (a === undefined || b === undefined ? null : a / b);
  const atMost = (what: string, unit: string, target: number, measured: number | null | undefined): TargetResult => ({
    what,
    unit,
    target,
    atLeast: false,
    measured: measured ?? null,
  });
  const parked = alone ? `${alone.parkedGoals.toLocaleString("en")} goals that wait for a person add` : "goals add";
  return [
    atMost("turn with a file read, one agent, p50", "ms", 6, of("bureau", 1, 40, "read")?.turnP50Ms),
    atMost("turn with a command, one agent, p50", "ms", 12, of("bureau", 1, 40, "command")?.turnP50Ms),
    atMost("44 agents x 5 turns", "s", 0.8, ratio(many?.wallMs, 1000)),
    {
      ...atMost("turns a second, against the AI SDK's", "x", 1.3, ratio(many?.turnsPerSecond, peer?.turnsPerSecond)),
      atLeast: true,
    },
    atMost("processor a turn, 44 agents, database included", "ms", 3, many?.cpuPerTurnMs),
    atMost("an agent held in mid-run, of 1,000", "MiB", 0.5, most?.perAgentMib),
    atMost("1,000 agents held in mid-run", "MiB", 600, most?.waitingMib),
    atMost("turn 131 to 150 against turn 1 to 20, p50", "x", 1.5, ratio(long?.lastTurnsP50Ms, long?.firstTurnsP50Ms)),
    atMost("submit to first request, one agent, warm, p50", "ms", 30, alone?.submitP50Ms),
    atMost("no process to first request, on a database", "ms", 1200, alone?.startToRequestMs),
    atMost("idle, server and database", "MiB", 130, alone?.idle.mib),
    atMost("idle processor, of one core", "%", 1, alone?.idle.processorPercent),
    atMost(parked, "MiB", NOISE_MIB, alone && alone.idleParked.mib - alone.idle.mib),
    atMost(
      `${parked}, of one core`,
      "%",
      NOISE_PROCESSOR_PERCENT,
      alone && alone.idleParked.processorPercent - alone.idle.processorPercent,
    ),
  ];
}

export function isMet({ target, atLeast, measured }: TargetResult): boolean | null {
  if (measured === null) return null;
  return atLeast ? measured >= target : measured <= target;
}

export function renderTargets(results: TargetResult[]): string {
  const width = Math.max(...results.map(({ what }) => what.length)) + 2;
  const lines = results.map((result) => {
    const bound = `${result.atLeast ? "at least" : "at most"} ${result.target} ${result.unit}`;
    const met = isMet(result);
    const measured = result.measured === null ? "not measured" : `${result.measured.toFixed(2)} ${result.unit}`;
    const verdict = met === null ? "" : met ? "met" : "MISSED";
    return `  ${result.what.padEnd(width)}${bound.padStart(18)}${measured.padStart(16)}  ${verdict}`.trimEnd();
  });
  return ["Bureau's figures and their targets", ...lines].join("\n");
}
