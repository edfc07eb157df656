import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectionTo } from "../packages/cli/src/connect.ts";
import { endOfGoal, follow } from "../packages/cli/src/follow.ts";
import { processTerminal } from "../packages/cli/src/main.ts";
import { startModelServer } from "../packages/engine/src/testing/model-server.ts";
import { loadConfig, type RunningServer, startServer } from "../packages/server/src/index.ts";
import { makeSample, SAMPLE_AGENT, SAMPLE_GOAL, SAMPLE_REHEARSAL, sampleGoal } from "./sample/make-sample.ts";
import { script } from "./sample/words.ts";

// Records the sample's rehearsal anew: the goal is run for real, and only the model's words come from a script.
// Run it after a change of prompts, tools or the sample itself, or the rehearsal would report its drift.

const TIME_MS = 60_000;

const terminal = processTerminal({ argv: [], environment: {}, now: () => Date.now() });
const model = await startModelServer({ script });
try {
  await rm(SAMPLE_REHEARSAL, { force: true });
  // Once with and once without the command check, which needs a sandbox.
  await recordOnce(true);
  await recordOnce(false);
} finally {
  await model.close();
}

async function recordOnce(withCommand: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "bureau-sample-"));
  const server = await startIn(folder);
  try {
    const connection = connectionTo(server.workspace, server.url, server.token);
    const text = await sampleGoal(withCommand);
    const goal = await connection.client.createGoal({ body: { text, agent: SAMPLE_AGENT, name: SAMPLE_GOAL } });
    const { exitCode } = await follow({
      call: { terminal, options: {} },
      connection,
      filter: { goal: goal.id },
      after: 0,
      end: endOfGoal(goal.id),
      signal: AbortSignal.timeout(TIME_MS),
    });
    if (exitCode !== 0) throw new Error(`The sample's goal ended with ${exitCode}, so it cannot be recorded.`);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startIn(folder: string): Promise<RunningServer> {
  await makeSample(folder);
  const config = await loadConfig({ workspace: folder, port: 0 }, {});
  const models = {
    default: "sample/written-words",
    providers: { sample: { kind: "openai-compatible" as const, baseUrl: model.openaiUrl, apiKey: "none" } },
  };
  return startServer({ ...config, models, record: SAMPLE_REHEARSAL }, (level, message) => {
    if (level !== "info") terminal.err(`${message}\n`);
  });
}
