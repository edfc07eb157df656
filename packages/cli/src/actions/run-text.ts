import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError, type Run, type StartRun } from "@bureau/protocol";
import type { Call } from "../command-line.ts";
import type { Connection } from "../connect.ts";
import { endOfRun, follow } from "../follow.ts";
import { resolveReference } from "../references.ts";
import { findServer, findWorkspace } from "../workspace.ts";

const NOT_DONE = 6;
/** Times that a run is followed again when the process that held the server has gone. */
const MAX_TAKEOVERS = 5;
const CONTEXT_FILES = ["AGENTS.md", "CLAUDE.md"];

export interface RunTextOptions {
  agent?: string;
  cwd?: string;
}

/** What is known of the run while servers come and go. */
interface Progress {
  run: Run | null;
  /** The last event seen. */
  seq: number;
}

/** Starts one run and writes what it does until it ends: 0 done, 6 not done, 7 waiting for a person. */
export async function runText(call: Call<RunTextOptions>): Promise<number> {
  const { withServer } = await import("../local/serve-here.ts");
  const text = readText(call);
  const workspace = await workspaceOf(call);
  const progress: Progress = { run: null, seq: 0 };
  for (let takeover = 0; ; takeover += 1) {
    try {
      return await withServer(call, (connection) => startAndFollow(call, connection, text, progress), workspace);
    } catch (error) {
      // Another process served the workspace and has ended; the run itself is kept, and goes on here.
      const isGone =
        error instanceof AppError && error.code === "unavailable" && (await findServer(workspace)) === null;
      if (!isGone || progress.run === null || takeover >= MAX_TAKEOVERS) throw error;
    }
  }
}

function readText(call: Call<RunTextOptions>): string {
  const { agent, cwd } = call.options;
  const text = call.args[0] as string | undefined;
  if (text === undefined || text.trim() === "") {
    throw new AppError("invalid", "There is nothing to run: no text was given.", {
      hint: 'Write it as `bureau run "Sum up notes.md"`, or see `bureau run --help`.',
    });
  }
  if (agent !== undefined && cwd !== undefined) {
    throw new AppError("invalid", "--agent and --cwd both say where to work.", { hint: "Leave one of them out." });
  }
  return text;
}

/** With `--cwd` no workspace is needed: where none is meant, the person's own is used. */
async function workspaceOf(call: Call<RunTextOptions>): Promise<string> {
  const workspace = findWorkspace(call);
  const isNamed = call.options.workspace !== undefined || (call.terminal.environment["BUREAU_WORKSPACE"] ?? "") !== "";
  if (call.options.cwd === undefined || isNamed || existsSync(join(workspace, "bureau.yaml"))) return workspace;
  const { personalWorkspace } = await import("../local/personal.ts");
  return personalWorkspace(call.terminal);
}

async function startAndFollow(
  call: Call<RunTextOptions>,
  connection: Connection,
  text: string,
  progress: Progress,
): Promise<number> {
  const { terminal, options } = call;
  const { client } = connection;
  if (progress.run === null) {
    const status = await client.getStatus();
    if (status.rehearsal && options.json !== true)
      terminal.err("This is a rehearsal: the model's words were written beforehand.\n");
    progress.seq = status.lastSeq;
    progress.run = await client.startRun({ body: await readStart(call, connection, text) });
  }
  const { run } = progress;
  const leave = new AbortController();
  const stopListening = terminal.onInterrupt(onInterrupt(call, connection, run.id, leave));
  try {
    const end = endOfRun(run.id);
    const followed = await follow({
      call,
      connection,
      filter: { run: run.id },
      after: progress.seq,
      hidesPerson: true,
      end: (event, view) => {
        progress.seq = event.seq;
        return end(event, view);
      },
      signal: leave.signal,
    });
    const exitCode = followed.exitCode ?? NOT_DONE;
    if (options.json === true) {
      const now = await client.getRun({ params: { runId: run.id } });
      terminal.out(`${JSON.stringify({ type: "result", exitCode, run: now })}\n`);
    }
    return exitCode;
  } finally {
    stopListening();
  }
}

/** The first interrupt asks the run to stop, the second leaves it. */
function onInterrupt(
  call: Call<RunTextOptions>,
  connection: Connection,
  runId: string,
  leave: AbortController,
): () => void {
  let interrupts = 0;
  return () => {
    interrupts += 1;
    if (interrupts > 1) {
      leave.abort();
      return;
    }
    call.terminal.err("\nStopping the run. Interrupt again to leave it.\n");
    connection.client.cancelRun({ params: { runId } }).catch((error: unknown) => {
      call.terminal.err(`The run could not be stopped: ${error instanceof Error ? error.message : String(error)}\n`);
      leave.abort();
    });
  };
}

async function readStart(call: Call<RunTextOptions>, connection: Connection, text: string): Promise<StartRun> {
  const { agent, cwd } = call.options;
  if (agent !== undefined) return { text, agent: await resolveReference(connection.client, "agent", agent) };
  if (cwd === undefined) return { text };
  const folder = resolve(call.terminal.folder, cwd);
  if (existsSync(folder) && !CONTEXT_FILES.some((name) => existsSync(join(folder, name)))) {
    call.terminal.err(`${folder} has no AGENTS.md; a few lines there on what matters would help every run.\n`);
  }
  return { text, folder };
}
