import { newId, type RunFailure } from "@bureau/protocol";
import { timeText } from "../clock.ts";
import type { NextStep } from "../domain/next-step.ts";
import { HALTED_SENTENCE } from "../store/halt.ts";
import type { Changes, NewInboxEntry } from "../store/journal.ts";
import { presentEntry } from "./call-tools.ts";
import type { Journal } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import { type BegunStep, event, mergeChanges, newItems } from "./step.ts";

type Wait = Extract<NextStep, { type: "wait" }>;
type Finish = Extract<NextStep, { type: "finish" }>;

/** Failures that a person lifts by resuming, perhaps with more budget; the others need the cause mended. */
const PAUSING: readonly RunFailure[] = [
  "budget",
  "no_progress",
  "repeated_call",
  "step_limit",
  "time_limit",
  "usage_limit",
];

const WAIT_SENTENCE: Record<Wait["reason"], string> = {
  approval: "Waits for your yes.",
  question: "Waits for your answer.",
  sign_off: "Waits for your sign-off.",
  timer: "Waits for the model's provider.",
  paused: "Paused.",
};

/** Ends this process's work on the run until a row changes: it holds no memory and no slot while it waits. */
export function beginWait(parts: LoopParts, journal: Journal, step: Wait): BegunStep {
  const { run } = journal;
  const waitUntil = step.until === null ? null : timeText(step.until);
  const sentence =
    (step.reason === "timer" && journal.waitSentence) ||
    (step.reason === "paused" && run.halted ? HALTED_SENTENCE : WAIT_SENTENCE[step.reason]);
  const dispatch = step.reason === "timer" ? run.dispatch + 1 : run.dispatch;
  const goalWaits = journal.goal && step.reason !== "paused" && journal.goal.status === "active";
  const goal = goalWaits ? { status: "waiting", sentence } : {};
  const intent: Changes = {
    run: {
      status: "waiting",
      wait_reason: step.reason,
      wait_until: waitUntil,
      sentence,
      dispatch,
      // No process died on the way to this wait.
      attempts: 0,
      ...(step.reason === "timer" ? { state: { modelFailure: null, capWait: journal.waitEntry } } : {}),
    },
    goal,
    events: [
      event(journal, "run.waiting", {
        run: { id: run.id, status: "waiting", waitReason: step.reason, waitUntil, sentence, usage: run.usage },
      }),
      ...(goalWaits ? [goalEvent(journal, goal)] : []),
    ],
  };
  if (step.reason !== "timer") return { intent, ends: true };
  const { id, priority } = run;
  return {
    intent,
    ends: true,
    alongside: (transaction) =>
      parts.dispatcher.enqueue(transaction, {
        id,
        dispatch,
        priority,
        ...(step.until === null ? {} : { delayUntil: step.until }),
      }),
  };
}

export async function beginFinish(parts: LoopParts, journal: Journal, step: Finish): Promise<BegunStep> {
  if (step.status === "canceled") return { intent: await finishCanceled(parts, journal), ends: true };
  if (step.status === "failed") return { intent: await finishFailed(parts, journal, step), ends: true };
  return finishCompleted(parts, journal, step);
}

function finishCompleted(
  parts: LoopParts,
  journal: Journal,
  step: Extract<Finish, { status: "completed" }>,
): BegunStep {
  const { run } = journal;
  const endedAt = timeText(parts.clock.now());
  const sentence = step.goal === "done" ? "Done: every check passed." : COMPLETED_SENTENCE[step.outcome];
  const goal = step.goal === "done" ? { status: "done", sentence, ended_at: endedAt } : {};
  const intent: Changes = {
    run: { status: "completed", outcome: step.outcome, sentence, ended_at: endedAt },
    goal,
    events: [
      event(journal, "run.completed", {
        run: { id: run.id, status: "completed", outcome: step.outcome, sentence, usage: run.usage, endedAt },
      }),
      ...(journal.goal ? [goalEvent(journal, goal)] : []),
    ],
  };
  if (step.goal !== "yielded") return { intent, ends: true };
  return { intent, ends: true, alongside: (transaction) => parts.continueGoal(transaction, journal.run) };
}

const COMPLETED_SENTENCE = {
  done: "Done.",
  answered: "Answered.",
  nothing_done: "Ended with nothing done: no answer was given and nothing was changed.",
  yielded: "Goes on in a new run.",
};

async function finishFailed(
  parts: LoopParts,
  journal: Journal,
  step: Extract<Finish, { status: "failed" }>,
): Promise<Changes> {
  const { run } = journal;
  const endedAt = timeText(parts.clock.now());
  const pausing = PAUSING.includes(step.failure);
  const goal = journal.goal ? { status: pausing ? "paused" : "blocked", sentence: step.sentence } : {};
  const notice = await newItems(parts, journal, null, [{ type: "notice", text: step.sentence }]);
  const closed = await closeOpenCalls(parts, journal, endedAt);
  const entry = stoppedEntry(journal, step, endedAt);
  return mergeChanges(closed, {
    run: { status: "failed", failure: step.failure, sentence: step.sentence, ended_at: endedAt },
    goal,
    inbox: [entry],
    ...notice,
    events: [
      ...notice.events,
      event(journal, "run.failed", {
        run: {
          id: run.id,
          status: "failed",
          failure: step.failure,
          sentence: step.sentence,
          usage: run.usage,
          endedAt,
        },
      }),
      event(journal, "inbox.added", { entry: presentEntry(journal, entry) }),
      ...(journal.goal ? [goalEvent(journal, goal)] : []),
    ],
  });
}

async function finishCanceled(parts: LoopParts, journal: Journal): Promise<Changes> {
  const { run } = journal;
  const endedAt = timeText(parts.clock.now());
  const closed = await closeOpenCalls(parts, journal, endedAt);
  return mergeChanges(closed, {
    run: { status: "canceled", sentence: "Canceled.", ended_at: endedAt },
    events: [
      event(journal, "run.canceled", {
        run: { id: run.id, status: "canceled", sentence: "Canceled.", usage: run.usage, endedAt },
      }),
    ],
  });
}

/** Calls that will not be made get a result that says so, so that the thread can be gone on with. */
async function closeOpenCalls(parts: LoopParts, journal: Journal, endedAt: string): Promise<Changes> {
  const open = journal.calls.filter((call) => call.status === "pending" || call.status === "awaiting_approval");
  const text = "Not made: the run ended first.";
  const items = await newItems(
    parts,
    journal,
    null,
    open.map((call) => ({
      type: "tool_result" as const,
      toolCallId: call.id as `call_${string}`,
      name: call.name,
      status: "canceled" as const,
      text,
    })),
  );
  return {
    toolCallPatches: open.map((call) => ({ id: call.id, status: "canceled", result: text, ended_at: endedAt })),
    items: items.items,
    events: [
      ...open.map((call) =>
        event(journal, "tool_call.canceled", { toolCall: { id: call.id, status: "canceled", endedAt } }),
      ),
      ...items.events,
    ],
  };
}

function stoppedEntry(journal: Journal, step: Extract<Finish, { status: "failed" }>, at: string): NewInboxEntry {
  return {
    id: newId("notice"),
    kind: step.failure === "budget" ? "budget" : journal.goal ? "stopped" : "failed_run",
    agent_id: journal.agent.id,
    goal_id: journal.run.goalId,
    goal_version: journal.goal?.version ?? null,
    thread_id: journal.run.threadId,
    tool_call_id: null,
    check_index: null,
    title: step.sentence,
    detail: { failure: step.failure, obstacle: journal.facts.obstacle ?? null },
    choices: [],
    action_hash: null,
    created_at: at,
  };
}

function goalEvent(journal: Journal, patch: { status?: string; sentence?: string; ended_at?: string }) {
  const goal = journal.goal!;
  return event(journal, "goal.updated", {
    goal: {
      id: goal.id,
      status: patch.status ?? goal.status,
      usage: goal.usage,
      ...(patch.sentence === undefined ? {} : { sentence: patch.sentence }),
      ...(patch.ended_at === undefined ? {} : { endedAt: patch.ended_at }),
    },
  });
}
