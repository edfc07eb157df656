import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "@bureau/protocol";
import type { Job, Place, RunningSubject, Subject } from "./subject.ts";

const PROGRAM = join(import.meta.dirname, "..", "packages", "cli", "bin", "bureau.mjs");
const LOOK_MS = 200;
const JOB_LIMIT_MS = 120_000;
const STOP_MS = 20_000;

export const bureau: Subject = {
  name: "bureau",
  about: "Bureau's server with its database, every step on disk before the next begins",
  calls: {
    read: { name: "read_file", arguments: { path: "note.txt" } },
    command: { name: "run_command", arguments: { command: "true" } },
  },
  start: startBureau,
};

/** The program as a user starts it, on a workspace of its own; work is handed over by HTTP. */
async function startBureau(place: Place): Promise<RunningSubject> {
  const workspace = makeWorkspace(place);
  const server = await bureauUp(workspace);
  return {
    pids: server.pids,
    submit: (job) => submit(server.client, job),
    stop: async () => {
      await server.stop();
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}

/** A copy of the place's folder that Bureau may work in. The caller removes it. */
export function makeWorkspace(place: Place): string {
  const workspace = mkdtempSync(join(tmpdir(), "bureau-bench-"));
  cpSync(place.folder, workspace, { recursive: true });
  writeFileSync(join(workspace, "AGENTS.md"), "You do what is asked.\n");
  writeFileSync(
    join(workspace, "bureau.yaml"),
    `models: { default: bench/${place.modelName} }\nproviders: { bench: { baseUrl: "${place.modelUrl}" } }\n`,
  );
  return workspace;
}

export interface BureauServer {
  client: Client;
  /** The server and its database. */
  pids(): number[];
  stop(): Promise<void>;
}

type Client = ReturnType<typeof createClient>;

/** `bureau up`, from no process to ready. */
export async function bureauUp(workspace: string): Promise<BureauServer> {
  const child = spawn(process.execPath, [PROGRAM, "up", "--workspace", workspace, "--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, BUREAU_TOKEN: "bench" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) throw new Error(`bureau up ended with code ${child.exitCode} before it was ready.`);
  const { url, token } = JSON.parse(first.value) as { url: string; token: string };
  return {
    client: createClient({ baseUrl: url, token }),
    pids: () => [child.pid!, postgresId(workspace)],
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function submit(client: Client, job: Job): Promise<void> {
  await Promise.all(job.prompts.map((text) => client.startRun({ body: { text } })));
  for (const until = Date.now() + JOB_LIMIT_MS; Date.now() < until;) {
    const { runs } = await client.listRuns({ query: { status: ["queued", "running", "waiting"], limit: 1 } });
    if (runs.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`The runs were not over after ${JOB_LIMIT_MS} ms.`);
}

/** The database is no child of the server: it outlives it. As root it may lie elsewhere, which a note in its place says. */
function postgresId(workspace: string): number {
  const place = join(workspace, ".bureau", "postgres");
  const note = join(place, "database-is-elsewhere.json");
  const folder = existsSync(note) ? (JSON.parse(readFileSync(note, "utf8")) as { folder: string }).folder : place;
  return Number(readFileSync(join(folder, "cluster", "postmaster.pid"), "utf8").split("\n", 1)[0]);
}
