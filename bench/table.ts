import type { Figures, Load } from "./measure.ts";

/** Rows of the table: what a reader compares, with its unit. */
const ROWS: [string, (figures: Figures) => string][] = [
  ["turns a second", (figures) => figures.turnsPerSecond.toFixed(0)],
  ["wall ms", (figures) => figures.wallMs.toFixed(0)],
  ["turn p50 ms", (figures) => figures.turnP50Ms.toFixed(1)],
  ["turn p95 ms", (figures) => figures.turnP95Ms.toFixed(1)],
  ["submit to request p50 ms", (figures) => figures.submitP50Ms.toFixed(1)],
  ["processor ms a turn", (figures) => figures.cpuPerTurnMs.toFixed(2)],
  ["memory while waiting MiB", (figures) => figures.waitingMib.toFixed(0)],
  ["MiB an agent added", (figures) => figures.perAgentMib.toFixed(2)],
];

const LONG_THREAD_TURNS = 100;
const LONG_THREAD_ROWS: typeof ROWS = [
  ["first 20 turns p50 ms", (figures) => figures.firstTurnsP50Ms.toFixed(1)],
  ["last 20 turns p50 ms", (figures) => figures.lastTurnsP50Ms.toFixed(1)],
];

/** One block a load, one column a subject. */
export function renderTable(subjects: string[], all: Figures[]): string {
  const loads = [...new Map(all.map(({ load }) => [describeLoad(load), load])).values()];
  return loads.map((load) => renderLoad(subjects, load, all)).join("\n\n");
}

export function describeLoad({ agents, turns, kind }: Load): string {
  const tool = kind === "read" ? "reads a 1 KB file" : "runs a command";
  return `${agents} ${agents === 1 ? "agent" : "agents"} x ${turns} turns, each ${tool}`;
}

function renderLoad(subjects: string[], load: Load, all: Figures[]): string {
  const title = describeLoad(load);
  const found = subjects.map((subject) =>
    all.find((figures) => figures.subject === subject && describeLoad(figures.load) === title),
  );
  const rows = load.turns >= LONG_THREAD_TURNS ? [...ROWS, ...LONG_THREAD_ROWS] : ROWS;
  const cells = rows.map(([name, show]) => [name, ...found.map((figures) => (figures ? show(figures) : "failed"))]);
  const [firstWidth, width] = [Math.max(...cells.map(([name]) => name?.length ?? 0)), columnWidth(subjects)];
  const line = ([name = "", ...values]: string[]): string =>
    `  ${name.padEnd(firstWidth)}${values.map((value) => value.padStart(width)).join("")}`;
  return [title, line(["", ...subjects]), ...cells.map(line)].join("\n");
}

function columnWidth(subjects: string[]): number {
  return Math.max(10, ...subjects.map((name) => name.length)) + 2;
}
