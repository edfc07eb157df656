import { AppError, NO_USAGE, type Item, type Recording, type Usage } from "@bureau/protocol";
import { createModelInput, modelMessages } from "../domain/model-input.ts";
import type { AnswerPart, FinishReason, ModelAnswer, Models } from "../models/model.ts";
import { RECORDING_VERSION, recordAnswers } from "../models/recording.ts";
import { loadRun } from "../store/load-run.ts";
import { unpackContent } from "../store/content.ts";
import { frameJournal } from "./frame-journal.ts";
import type { LoopParts } from "./parts.ts";

interface StoredCall {
  id: string;
  model: string;
  usage: Usage | null;
  detail: { finish?: FinishReason; shown?: number } | null;
}

/**
 * The answers that a run's model gave, as a rehearsal replays them, made from the journal.
 *
 * Each call's request is built again from the items that were shown, so that a replay can tell where it drifts.
 */
export async function exportRecording(parts: LoopParts, runId: string): Promise<Recording> {
  const loaded = await loadRun(parts.reads, parts.blobs, runId);
  if (!loaded) {
    throw new AppError("not_found", `There is no run ${runId}.`, {
      hint: "`bureau run list` shows the runs there are.",
    });
  }
  const journal = await frameJournal(parts, loaded);
  const { rows: calls } = await parts.reads.query(
    `SELECT id, name AS model, usage, detail FROM steps
     WHERE run_id = $1 AND kind = 'model_call' AND status = 'completed' ORDER BY number`,
    [runId],
  );
  const items = await allItems(parts, journal.run.threadId);
  const lines: unknown[] = [{ rehearsal: RECORDING_VERSION }];
  const answers = (calls as StoredCall[]).map((call) => answerOf(call, items));
  let next = 0;
  const replayed: Models = { ...parts.models, call: async () => answers[next++]! };
  const recorder = recordAnswers(replayed, (line) => void lines.push(JSON.parse(line)), {
    placeholders: { [journal.agent.folder]: "<folder>" },
  });
  for (const call of calls as StoredCall[]) {
    const shown = call.detail?.shown ?? Number.MAX_SAFE_INTEGER;
    const input = createModelInput(items.filter((item) => item.position <= shown));
    await recorder.call(
      {
        model: call.model,
        messages: [{ role: "system", content: journal.system }, ...modelMessages(input)],
        tools: journal.modelTools,
        effort: journal.goal?.spec.effort ?? null,
        maxOutputTokens: null,
        cacheKey: journal.run.threadId,
      },
      { signal: new AbortController().signal },
    );
  }
  return { runId, lines };
}

async function allItems(parts: LoopParts, threadId: string): Promise<Item[]> {
  const { rows } = await parts.reads.query(
    `SELECT id, thread_id AS "threadId", run_id AS "runId", step_id AS "stepId", position, turn, content
     FROM items WHERE thread_id = $1 ORDER BY position`,
    [threadId],
  );
  return Promise.all(
    (rows as Item[]).map(async (item) => ({ ...item, content: await unpackContent(parts.blobs, item.content) })),
  );
}

function answerOf(call: StoredCall, items: Item[]): ModelAnswer {
  const parts: AnswerPart[] = [];
  for (const { stepId, content } of items) {
    if (stepId !== call.id) continue;
    const provider = "provider" in content && content.provider ? { provider: content.provider } : {};
    if (content.type === "message" && content.role === "agent")
      parts.push({ type: "text", text: content.text, ...provider });
    if (content.type === "reasoning") parts.push({ type: "reasoning", text: content.text, ...provider });
    if (content.type === "tool_call") {
      const { providerCallId, name } = content;
      parts.push({
        type: "tool_call",
        providerCallId,
        name,
        argumentsText: JSON.stringify(content.arguments),
        ...provider,
      });
    }
  }
  const { inputTokens, cachedInputTokens, outputTokens } = call.usage ?? NO_USAGE;
  const usage = { inputTokens, cachedInputTokens, outputTokens, reasoningTokens: 0 };
  return { status: "answered", model: call.model, parts, finish: call.detail?.finish ?? "stop", usage };
}
