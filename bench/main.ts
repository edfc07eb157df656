import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureAlone, type AloneFigures } from "./alone.ts";
import { measure, medianFigures, quantile, type Figures, type Load } from "./measure.ts";
import { startBenchModelServer, type BenchModelServer } from "./model-server.ts";
import { memoryBytes } from "./processes.ts";
import type { RunningSubject, Subject } from "./subject.ts";
import { SUBJECTS } from "./subjects.ts";
import { describeLoad, renderTable } from "./table.ts";
import { renderTargets, targetResults } from "./targets.ts";

// Measures agent runtimes side by side on this machine, against a model server that answers at once. What is left
// is the runtime's own cost.

const HELP = `npm run bench -- [options]

  --only NAME[,NAME]     subjects: ${SUBJECTS.map(({ name }) => name).join(", ")}; default all
  --agents N[,N]         how many at once, 5 turns each; default 1,44,200,1000
  --repeats N            repeats of each load, of which the median counts; default 3, one for 1,000 agents
  --warm                 keep each runtime's processes from load to load, after a load that does not count;
                         without it every repeat starts them anew, and memory is that of one load alone
  --quick                a short run: one repeat, no 1,000 agents, 100 goals that wait
  --json                 one JSON value with every figure

The figures that Bureau is to keep stand at the end, each with its target and whether it was met.
`;

const WARM_UP: Load = { agents: 1, turns: 20, kind: "read" };
/** One agent alone, long enough for a median. */
const ALONE: Load[] = [
  { agents: 1, turns: 40, kind: "read" },
  { agents: 1, turns: 40, kind: "command" },
];
const LONG_THREAD: Load = { agents: 1, turns: 150, kind: "read" };
const TURNS_OF_MANY = 5;
const MIB = 1024 * 1024;
const MANY_WITHOUT_REPEATS = 1000;

/** A subject, and what its starts cost. */
interface Measured {
  subject: Subject;
  startMs: number[];
  idleMib: number[];
  /** Kept from load to load with --warm. */
  kept: RunningSubject | null;
}

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    agents: { type: "string" },
    repeats: { type: "string" },
    quick: { type: "boolean", default: false },
    warm: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const repeatsOfFew = Number(options.repeats ?? (options.quick ? 1 : 3));
const agentCounts = options.agents ?? (options.quick ? "1,44" : "1,44,200,1000");
if (options.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  const all = chosenSubjects(options.only).map((subject): Measured => ({
    subject,
    startMs: [],
    idleMib: [],
    kept: null,
  }));
  const folder = mkdtempSync(join(tmpdir(), "bureau-bench-"));
  const server = await startBenchModelServer();
  try {
    const figures = await measureAll(all, { server, folder });
    show(all, figures, await measureBureauAlone(all, { server, folder }));
  } finally {
    for (const { kept } of all) await kept?.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function chosenSubjects(only: string | undefined): Subject[] {
  if (only === undefined) return SUBJECTS;
  return only.split(",").map((name) => {
    const subject = SUBJECTS.find((one) => one.name === name);
    if (!subject)
      throw new Error(`There is no subject "${name}". There are: ${SUBJECTS.map((one) => one.name).join(", ")}.`);
    return subject;
  });
}

function chosenLoads(agents: string): Load[] {
  return agents.split(",").flatMap((text): Load[] => {
    const count = Number(text);
    if (!Number.isInteger(count) || count < 1) throw new Error(`--agents takes counts such as 1,44, not "${text}".`);
    return count === 1 ? [...ALONE, LONG_THREAD] : [{ agents: count, turns: TURNS_OF_MANY, kind: "read" }];
  });
}

/** Subjects take turns within each repeat, so that a slow moment of the machine falls on all of them. */
async function measureAll(all: Measured[], parts: { server: BenchModelServer; folder: string }): Promise<Figures[]> {
  let round = 0;
  const once = async (one: Measured, load: Load): Promise<Figures[]> => {
    round += 1;
    const running = one.kept ?? (await start(one, parts.server, join(parts.folder, String(round))));
    if (options.warm) one.kept = running;
    try {
      return [await measure({ server: parts.server, subject: one.subject, running, round }, load)];
    } catch (error) {
      process.stderr.write(`${one.subject.name}, ${describeLoad(load)}: ${(error as Error).message}\n`);
      return [];
    } finally {
      if (!options.warm) await running.stop();
    }
  };
  if (options.warm) for (const one of all) await once(one, WARM_UP);
  const medians: Figures[] = [];
  for (const load of chosenLoads(agentCounts)) {
    process.stderr.write(`${describeLoad(load)} …\n`);
    const results = new Map<Measured, Figures[]>(all.map((one) => [one, []]));
    const repeats = load.agents >= MANY_WITHOUT_REPEATS ? 1 : repeatsOfFew;
    for (let repeat = 0; repeat < repeats; repeat += 1)
      for (const [one, figures] of results) figures.push(...(await once(one, load)));
    for (const figures of results.values()) if (figures.length > 0) medians.push(medianFigures(figures));
  }
  return medians;
}

async function start(one: Measured, server: BenchModelServer, root: string): Promise<RunningSubject> {
  const folder = makeFolder(join(root, one.subject.name, "work"));
  const before = performance.now();
  const running = await one.subject.start({ modelUrl: server.url, modelName: "bench", folder });
  one.startMs.push(performance.now() - before);
  one.idleMib.push(memoryBytes(running.pids()) / MIB);
  return running;
}

function makeFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "note.txt"), `${"What is written here is read in every turn.".padEnd(63)}\n`.repeat(16));
  return folder;
}

/** What only Bureau does: it starts on a database, stands idle, and keeps goals that wait for a person. */
async function measureBureauAlone(
  all: Measured[],
  parts: { server: BenchModelServer; folder: string },
): Promise<AloneFigures | null> {
  if (!all.some(({ subject }) => subject.name === "bureau")) return null;
  process.stderr.write("bureau alone: start, idle, goals that wait …\n");
  const place = { modelUrl: parts.server.url, modelName: "bench", folder: makeFolder(join(parts.folder, "alone")) };
  try {
    return await measureAlone({ server: parts.server, place, quick: options.quick });
  } catch (error) {
    process.stderr.write(`bureau alone: ${(error as Error).message}\n`);
    return null;
  }
}

function show(all: Measured[], figures: Figures[], alone: AloneFigures | null): void {
  const subjects = all.map(({ subject, startMs, idleMib }) => ({
    name: subject.name,
    about: subject.about,
    startMs: quantile(startMs, 0.5),
    idleMib: quantile(idleMib, 0.5),
  }));
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? "", node: process.version };
  const targets = targetResults(figures, alone);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ machine, warm: options.warm, subjects, figures, alone, targets })}\n`);
    return;
  }
  const processes = options.warm ? "processes kept from load to load" : "new processes for every repeat";
  process.stdout.write(`${machine.cpus} cores, ${machine.model}, Node ${machine.node}; medians; ${processes}\n`);
  for (const { name, about, startMs, idleMib } of subjects)
    process.stdout.write(
      `  ${name}: ${about}; started in ${startMs.toFixed(0)} ms, idle at ${idleMib.toFixed(0)} MiB\n`,
    );
  process.stdout.write(
    `\n${renderTable(
      subjects.map(({ name }) => name),
      figures,
    )}\n`,
  );
  if (targets.length > 0) process.stdout.write(`\n${renderTargets(targets)}\n`);
}
