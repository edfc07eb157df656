import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BureauClient, createClient } from "../../packages/protocol/src/index.ts";
import { testDatabase, type TestDatabase } from "../../packages/engine/src/testing/test-database.ts";
import {
  type ModelScript,
  type ModelServer,
  startModelServer,
} from "../../packages/engine/src/testing/model-server.ts";
import { showcaseScript } from "../../scripts/showcase/script.ts";
import { makeShowcase } from "../../scripts/showcase/workspace.ts";

const BUREAU = fileURLToPath(new URL("../../packages/cli/bin/bureau.mjs", import.meta.url));

/** The whole program in a process of its own, on a port that stays the same over restarts. */
export interface RunningApp {
  url: string;
  /** Signs a browser in. */
  address: string;
  client: BureauClient;
  models: ModelServer;
  workspace: string;
  database: TestDatabase;
  /** Ends the server as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again where it was. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startApp(script: ModelScript = showcaseScript): Promise<RunningApp> {
  const workspace = await realpath(await mkdtemp(join(tmpdir(), "bureau-e2e-")));
  await makeShowcase(workspace);
  const [database, models, port] = await Promise.all([testDatabase(), startModelServer({ script }), freePort()]);
  const environment = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    DATABASE_URL: database.url,
    BUREAU_TOKEN: "end-to-end-owner-token-0123456789",
    BUREAU_MODEL: "openai/gpt-5-mini",
    OPENAI_API_KEY: "none",
    OPENAI_BASE_URL: models.openaiUrl,
  };
  const start = () => startServer(workspace, port, environment);
  let child = await start();
  const url = `http://127.0.0.1:${port}`;
  const kill = async () => {
    const exited = once(child, "exit");
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await exited;
  };
  return {
    url,
    address: `${url}/#token=${environment.BUREAU_TOKEN}`,
    client: createClient({ baseUrl: url, token: environment.BUREAU_TOKEN }),
    models,
    workspace,
    database,
    kill,
    restart: async () => {
      child = await start();
    },
    close: async () => {
      await kill();
      await models.close();
      await database.drop();
      await rm(workspace, { recursive: true, force: true });
    },
  };
}

async function startServer(workspace: string, port: number, environment: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, [BUREAU, "up", "--workspace", workspace, "--port", `${port}`, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: environment,
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  for await (const chunk of child.stdout) {
    if (String(chunk).includes('"ready":true')) {
      child.stdout.resume();
      return child;
    }
  }
  throw new Error(`bureau up ended before it was ready: ${errors.slice(-2_000)}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port is free.");
  return address.port;
}
