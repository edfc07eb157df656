import { rename, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { processTerminal } from "../packages/cli/src/main.ts";
import { checkLines } from "../packages/cli/src/present/evidence.ts";
import { showError } from "../packages/cli/src/present/show-error.ts";
import type { Terminal } from "../packages/cli/src/terminal.ts";
import { connectionTo } from "../packages/cli/src/connect.ts";
import { type Config, loadConfig, type RunningServer, startServer } from "../packages/server/src/index.ts";
import { makeSample, SAMPLE_REHEARSAL, SAMPLE_RESULT } from "./sample/make-sample.ts";
import { lastDone, runSample } from "./sample/run-sample.ts";

const CHECKOUT = fileURLToPath(new URL("..", import.meta.url));
const ANY_PORT = 0;

const own = processTerminal({ argv: process.argv.slice(2), environment: process.env, now: () => Date.now() });
// Everything is for the person who watches.
const terminal: Terminal = { ...own, err: own.out, columns: own.columns };

process.exitCode = await start().catch((error: unknown) => showError(own, error));

/** The sample workspace with its goal, run to its checked end; then serves until it is interrupted. */
async function start(): Promise<number> {
  const stopped = Promise.withResolvers<void>();
  let interrupts = 0;
  terminal.onInterrupt(() => {
    interrupts += 1;
    if (interrupts > 1) process.exit(0);
    stopped.resolve();
  });
  const workspace = resolve(terminal.environment["BUREAU_WORKSPACE"]?.trim() || join(CHECKOUT, "sample"));
  await makeSample(workspace);
  const config = await configFor(workspace);
  sayModel(config);
  const server = await startOnFreePort(config);
  try {
    terminal.out(`Bureau is up at ${server.url}, for the workspace ${server.workspace}.\n\n`);
    await Promise.race([work(server, config), stopped.promise]);
    if (interrupts === 0)
      terminal.out(
        `\nBureau stays up at ${server.url} until you interrupt it (Ctrl-C). In another terminal:\n${commands(server)}`,
      );
    await stopped.promise;
    return 0;
  } finally {
    terminal.out("Stopping. Work that is not over goes on at the next start.\n");
    await server.stop();
  }
}

/** A key, a named server or a model server of this machine gives the model; with none of them the words are rehearsed. */
async function configFor(workspace: string): Promise<Config> {
  const config = await loadConfig({ workspace }, terminal.environment);
  if (config.rehearsal !== null || config.models.default !== undefined) return config;
  return { ...config, rehearsal: SAMPLE_REHEARSAL };
}

function sayModel(config: Config): void {
  const text =
    config.rehearsal === null
      ? `The model is ${config.models.default}.`
      : "This is a rehearsal: the model's words were written by us and are not a real model's, all else is real; to connect a model, set ANTHROPIC_API_KEY or OPENAI_API_KEY, or start a local model server, and run `npm start` again.";
  terminal.out(`${text}\n`);
}

/** The usual port may be taken by another workspace's server; unless a port was asked for, any free one will do. */
async function startOnFreePort(config: Config): Promise<RunningServer> {
  const log = (level: string, message: string) => {
    if (level !== "info") terminal.err(`${message}\n`);
  };
  const isAsked = (terminal.environment["BUREAU_PORT"] ?? "") !== "";
  try {
    return await startServer(config, log);
  } catch (error) {
    const isTaken = error instanceof Error && error.message.startsWith(`Port ${config.port} `);
    if (isAsked || !isTaken) throw error;
    return startServer({ ...config, port: ANY_PORT }, log);
  }
}

/** Runs the goal. Once it is done it is shown and not repeated, unless a real model has come to do it. */
async function work(server: RunningServer, config: Config): Promise<void> {
  const done = await lastDone(server);
  const isRehearsal = config.rehearsal !== null;
  if (done !== null && (isRehearsal || !done.rehearsal)) {
    await showDone(terminal, server, done.goal.id);
    return;
  }
  if (done !== null) await setAside(server.workspace);
  const goal = await runSample(terminal, server);
  if (goal.status === "done") terminal.out(`\nThe result: ${join(server.workspace, SAMPLE_RESULT)}\n`);
}

async function showDone(to: Terminal, server: RunningServer, goalId: string): Promise<void> {
  const { client } = connectionTo(server.workspace, server.url, server.token);
  const goal = await client.getGoal({ params: { goal: goalId } });
  const { evidence } = await client.listEvidence({ params: { goal: goalId }, query: { limit: 100 } });
  to.out(
    `The goal "${goal.title}" was reached at an earlier start. ${goal.sentence}\n${checkLines(to, goal, evidence).join("\n")}\n`,
  );
  to.out(
    `\nThe result: ${join(server.workspace, SAMPLE_RESULT)}\nTo see it run again, remove ${server.workspace} and start anew.\n`,
  );
}

/** What the rehearsal wrote must not pass for a model's work. */
async function setAside(workspace: string): Promise<void> {
  const path = join(workspace, SAMPLE_RESULT);
  if ((await stat(path).catch(() => null)) === null) return;
  await rename(path, path.replace(/report\.md$/, "report-rehearsed.md"));
}

function commands(server: RunningServer): string {
  const inWorkspace = `--workspace ${server.workspace}`;
  return [
    `  npm run -s bureau -- goal show spring-risks ${inWorkspace}`,
    `  npm run -s bureau -- run --agent writer "Which risk comes first?" ${inWorkspace}`,
    "",
  ].join("\n");
}
