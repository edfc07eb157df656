import { chargedTokens, NO_USAGE } from "@bureau/protocol";
import { BYTES_PER_TOKEN, priceOf } from "../domain/budget.ts";
import { compactionMessages, KEEP_SHARE, planCompaction, summaryContent, summaryTokens } from "../domain/compaction.ts";
import { timeText } from "../clock.ts";
import { loadRun } from "../store/load-run.ts";
import type { ModelLimits, ModelRequest } from "../models/model.ts";
import type { Changes, StepPatch } from "../store/journal.ts";
import { settleAside } from "./admit-call.ts";
import { charge, contentBytes, type Journal, setFacts, usageOfCall } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import { noRoom, reserveSideCall } from "./side-call.ts";
import { type BegunStep, chargedEvents, event, mergeChanges, newItems, newStep, type PerformContext } from "./step.ts";

type EndedStatus = "completed" | "interrupted";

/** Begins the summary that stands in for old items in the model's input. The thread keeps them. */
export function beginCompaction(parts: LoopParts, journal: Journal): BegunStep {
  const step = newStep(parts, journal, { kind: "compaction", name: "summary" });
  return {
    intent: { run: { step_count: journal.run.stepCount }, steps: [step.row], events: step.events },
    perform: (context) => performCompaction(parts, journal, step.row.id, context),
  };
}

async function performCompaction(
  parts: LoopParts,
  journal: Journal,
  stepId: string,
  { signal }: PerformContext,
): Promise<Changes> {
  const model = (parts.models.chain("fast")[0] ?? parts.models.chain("default")[0])!;
  const limits = roomOf(parts, journal);
  const loaded = await loadRun(parts.reads, parts.blobs, journal.run.id);
  const plan = loaded ? planCompaction(loaded.items, limits, KEEP_SHARE) : null;
  if (!plan) {
    const overflow = journal.facts.contextOverflow === true;
    const sentence =
      "The thread's last message is longer than the model can read. Shorten it, or choose a model with more context.";
    const facts = setFacts(journal, {
      compactionDue: false,
      contextOverflow: false,
      ...(overflow ? { modelFailure: { type: "give_up" as const, failure: "model" as const, sentence } } : {}),
    });
    return {
      run: { state: facts },
      ...endStep(parts, journal, { id: stepId, status: "completed", error: null }),
    };
  }
  const request: ModelRequest = {
    model,
    messages: compactionMessages(plan, limits),
    tools: [],
    effort: "low",
    maxOutputTokens: summaryTokens(limits),
    cacheKey: `${journal.run.threadId}:summary`,
  };
  // Without room for a summary the old items leave the view all the same: the next call is smaller, and says if it fits.
  const overBudget = await reserveSideCall(parts, journal, {}, request, signal);
  const answer = overBudget ? noRoom(model, overBudget) : await parts.models.call(request, { signal });
  const micros = answer.usage ? priceOf(answer.usage, parts.models.price(answer.model)) : 0;
  const charged = charge(journal, answer.usage ? usageOfCall(answer.usage, micros) : {});
  const aside = settleAside(parts, journal, {
    tokens: answer.usage ? chargedTokens(answer.usage) : 0,
    micros,
    calls: answer.usage ? 1 : 0,
    unheard: signal.aborted && !answer.usage,
  });
  const spent = mergeChanges(aside, {
    run: charged.run,
    goal: { ...charged.goal, reserved_tokens: 0, reserved_micros: 0 },
    events: answer.usage ? chargedEvents(journal) : [],
  });
  if (signal.aborted) {
    return mergeChanges(
      spent,
      endStep(parts, journal, { id: stepId, status: "interrupted", error: "Stopped by a command." }),
    );
  }
  const written =
    answer.status === "answered" ? answer.parts.map((part) => (part.type === "text" ? part.text : "")).join("") : null;
  const kept = (loaded?.items ?? []).filter((item) => item.position >= plan.before && item.content.type !== "summary");
  journal.inputBytes = kept.reduce((sum, item) => sum + contentBytes(item.content), 0);
  const items = await newItems(parts, journal, stepId, [summaryContent(plan, written)]);
  journal.run.attempts = 0;
  const facts = setFacts(journal, { compactionDue: false, contextOverflow: false, lastCall: null });
  const ended = endStep(parts, journal, {
    id: stepId,
    status: "completed",
    usage: answer.usage ? { ...NO_USAGE, ...usageOfCall(answer.usage, micros) } : null,
    error: answer.status === "failed" ? answer.failure.message : null,
  });
  return mergeChanges(spent, { run: { attempts: 0, state: facts } }, items, ended);
}

function endStep(
  parts: LoopParts,
  journal: Journal,
  step: Omit<StepPatch, "ended_at" | "status"> & { status: EndedStatus },
): Changes {
  const endedAt = timeText(parts.clock.now());
  return {
    stepPatches: [{ ...step, ended_at: endedAt }],
    events: [event(journal, `step.${step.status}`, { step: { id: step.id, status: step.status, endedAt } })],
  };
}

/**
 * What the model can read. After its provider said that the input was too long, that is less than what was sent,
 * whatever the settings say: half of it is tried.
 */
function roomOf(parts: LoopParts, journal: Journal): ModelLimits {
  const limits = parts.models.limits(parts.models.chain("default")[0]!);
  if (journal.facts.contextOverflow !== true) return limits;
  const sent = Math.ceil((journal.fixedBytes + journal.inputBytes) / BYTES_PER_TOKEN);
  return { ...limits, contextTokens: Math.min(limits.contextTokens, sent) / 2 };
}
