import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measure, medianFigures, type Figures, type Load } from "./measure.ts";
import { startBenchModelServer, type BenchModelServer } from "./model-server.ts";
import { memoryBytes } from "./processes.ts";
import type { RunningSubject, Subject } from "./subject.ts";
import { SUBJECTS } from "./subjects.ts";
import { describeLoad, renderTable } from "./table.ts";

// Measures agent runtimes side by side on this machine, against a model server that answers at once. What is left
// is the runtime's own cost.

const HELP = `npm run bench -- [options]

  --only NAME[,NAME]     subjects: ${SUBJECTS.map(({ name }) => name).join(", ")}; default all
  --agents N[,N]         how many at once, 5 turns each; default 1,44,200,1000
  --repeats N            repeats of each load, of which the median counts; default 3, one for 1,000 agents
  --json                 one JSON value with every figure
`;

const WARM_UP: Load = { agents: 1, turns: 20, kind: "read" };
/** One agent alone, long enough for a median. */
const ALONE: Load[] = [
  { agents: 1, turns: 40, kind: "read" },
  { agents: 1, turns: 40, kind: "command" },
];
const LONG_THREAD: Load = { agents: 1, turns: 150, kind: "read" };
const TURNS_OF_MANY = 5;
const MANY_WITHOUT_REPEATS = 1000;

interface Started {
  subject: Subject;
  running: RunningSubject;
  startMs: number;
  idleMib: number;
}

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    agents: { type: "string", default: "1,44,200,1000" },
    repeats: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  const subjects = chosenSubjects(options.only);
  const folder = mkdtempSync(join(tmpdir(), "bureau-bench-"));
  const server = await startBenchModelServer();
  const started: Started[] = [];
  try {
    for (const subject of subjects) started.push(await start(subject, server, folder));
    const figures = await measureAll(started, server, chosenLoads(options.agents), Number(options.repeats));
    show(started, figures);
  } finally {
    for (const { running } of started) await running.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function chosenSubjects(only: string | undefined): Subject[] {
  if (only === undefined) return SUBJECTS;
  return only.split(",").map((name) => {
    const subject = SUBJECTS.find((one) => one.name === name);
    if (!subject) throw new Error(`There is no subject "${name}". There are: ${SUBJECTS.map((one) => one.name).join(", ")}.`);
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

async function start(subject: Subject, server: BenchModelServer, root: string): Promise<Started> {
  const folder = join(root, subject.name, "work");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "note.txt"), `${"What is written here is read in every turn.".padEnd(63)}\n`.repeat(16));
  const before = performance.now();
  const running = await subject.start({ modelUrl: server.url, modelName: "bench", folder });
  return { subject, running, startMs: performance.now() - before, idleMib: memoryBytes(running.pids()) / 1024 / 1024 };
}

/** Subjects take turns within each repeat, so that a slow moment of the machine falls on all of them. */
async function measureAll(
  started: Started[],
  server: BenchModelServer,
  loads: Load[],
  repeats: number,
): Promise<Figures[]> {
  let round = 0;
  const once = async ({ subject, running }: Started, load: Load): Promise<Figures[]> => {
    round += 1;
    try {
      return [await measure({ server, subject, running, round }, load)];
    } catch (error) {
      process.stderr.write(`${subject.name}, ${describeLoad(load)}: ${(error as Error).message}\n`);
      return [];
    }
  };
  for (const one of started) await once(one, WARM_UP);
  const all: Figures[] = [];
  for (const load of loads) {
    process.stderr.write(`${describeLoad(load)} …\n`);
    const results = new Map<Started, Figures[]>(started.map((one) => [one, []]));
    for (let repeat = 0; repeat < (load.agents >= MANY_WITHOUT_REPEATS ? 1 : repeats); repeat += 1)
      for (const [one, figures] of results) figures.push(...(await once(one, load)));
    for (const figures of results.values()) if (figures.length > 0) all.push(medianFigures(figures));
  }
  return all;
}

function show(started: Started[], figures: Figures[]): void {
  const subjects = started.map(({ subject, startMs, idleMib }) => ({
    name: subject.name,
    about: subject.about,
    startMs,
    idleMib,
  }));
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? "", node: process.version };
  if (options.json) return void process.stdout.write(`${JSON.stringify({ machine, subjects, figures })}\n`);
  process.stdout.write(`${machine.cpus} cores, ${machine.model}, Node ${machine.node}; medians\n`);
  for (const { name, about, startMs, idleMib } of subjects)
    process.stdout.write(`  ${name}: ${about}; started in ${startMs.toFixed(0)} ms, idle at ${idleMib.toFixed(0)} MiB\n`);
  process.stdout.write(`\n${renderTable(subjects.map(({ name }) => name), figures)}\n`);
}
