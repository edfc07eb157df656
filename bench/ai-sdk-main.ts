import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { isStepCount, tool, ToolLoopAgent } from "ai";
import { z } from "zod";
import { placeOfProgram, serveJobs } from "./node-program.ts";

const MAX_STEPS = 1000;

const place = placeOfProgram();
const provider = createOpenAICompatible({ name: "bench", baseURL: place.modelUrl, apiKey: "none" });
const execute = promisify(execFile);

const agent = new ToolLoopAgent({
  model: provider(place.modelName),
  instructions: "You are a careful assistant. Use the tools.",
  stopWhen: isStepCount(MAX_STEPS),
  tools: {
    read_file: tool({
      description: "Reads a file.",
      inputSchema: z.object({ path: z.string() }),
      execute: ({ path }) => readFile(join(place.folder, path), "utf8"),
    }),
    run_command: tool({
      description: "Runs a shell command.",
      inputSchema: z.object({ command: z.string() }),
      execute: async ({ command }) => (await execute("/bin/sh", ["-c", command], { cwd: place.folder })).stdout,
    }),
  },
});

await serveJobs(async (prompt) => {
  const answer = await agent.stream({ prompt });
  await answer.consumeStream({ onError: (error) => process.stderr.write(`${String(error)}\n`) });
});
