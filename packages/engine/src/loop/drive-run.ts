import { timeText } from "../clock.ts";
import { type NextStep, nextStep } from "../domain/next-step.ts";
import { appendItems } from "../domain/model-input.ts";
import { type Changes, type RunWrite, type WriteResult, writeOnce } from "../store/journal.ts";
import type { Queryable } from "../store/database.ts";
import { type Claim, claimRuns, loadRun, type RunJournal } from "../store/load-run.ts";
import { settleAside } from "./admit-call.ts";
import { beginModelCall } from "./call-model.ts";
import { endCalls, interruptCalls, recoverCalls } from "./call-tools.ts";
import { beginChecks, checkCommandId } from "./check-goal.ts";
import { beginCompaction } from "./compact-thread.ts";
import { hasLedgerRows, writeWithLedger } from "./effects.ts";
import { beginAllowed } from "./allow-calls.ts";
import { askApproval } from "./ask-approval.ts";
import { beginFinish, beginWait } from "./end-run.ts";
import { type Journal, runState, writeOf } from "./journal.ts";
import { frameJournal } from "./frame-journal.ts";
import { together } from "../together.ts";
import { type LoopParts, patience } from "./parts.ts";
import { type Alongside, type BegunStep, event, mergeChanges, newItems, type Refusal } from "./step.ts";

/** A run takes far fewer; this only ends a loop that a fault of ours would make endless. */
const MAX_ROUNDS = 20_000;
/** Most runs that are taken up in one query. */
const MAX_CLAIMS = 64;
/** The state by which PostgreSQL names a deadlock, and how often one is met again. */
const DEADLOCK = "40P01";
const MAX_DEADLOCKS = 4;

/**
 * Drives one run until it waits or ends: decides, writes what was done and what is begun, does it, and so on.
 *
 * Everything needed to go on is in the store between two writes, so it may be called again after the process died
 * at any point. Returns when the run waits, ended, or belongs to another process.
 */
export async function driveRun(parts: LoopParts, runId: string, dispatch: number): Promise<void> {
  const claimed = await claimTogether(parts, { runId, dispatch });
  if (!claimed) return;
  parts.live.committed();
  try {
    await drive(parts, claimed);
  } finally {
    parts.signals.end(runId);
  }
}

/** Runs that the dispatcher starts at once are taken up in one query. Of two claims by this process the later one holds. */
const claimTogether = together(MAX_CLAIMS, async (parts: LoopParts, claims: Claim[]) => {
  const by = { executorId: parts.executorId, rehearsal: parts.models.rehearsal };
  const journals = await claimRuns(parts.reads, parts.blobs, claims, by);
  return claims.map(({ runId }) => journals.get(runId) ?? null);
});

async function drive(parts: LoopParts, claimed: RunJournal): Promise<void> {
  const runId = claimed.run.id;
  let journal: Journal | null = await frameJournal(parts, claimed);
  let outcome: Changes = {};
  for (let round = 0; journal && round < MAX_ROUNDS; round += 1) {
    if (parts.signals.stopping) return;
    const signal = parts.signals.begin(runId);
    const begun = await begin(parts, journal, nextStep(runState(journal, parts.clock.now())));
    const step = wakeGoal(journal, await withNotices(parts, journal, begun));
    const { result, refusal, forget } = await write(parts, journal, outcome, step);
    if (!result.owned) return;
    forget();
    if (refusal || !result.current) {
      outcome = {};
      const loaded = await loadRun(parts.reads, parts.blobs, runId);
      journal = loaded && (await frameJournal(parts, loaded));
      if (journal && refusal && result.current) remember(journal, refusal);
      continue;
    }
    settle(journal, result);
    if (step.ends) return;
    const current = journal;
    outcome = step.perform
      ? await step.perform({ signal, commitEarly: (early) => commitEarly(parts, current, early) })
      : {};
  }
}

async function begin(parts: LoopParts, journal: Journal, step: NextStep): Promise<BegunStep> {
  switch (step.type) {
    case "close_steps":
      return closeSteps(parts, journal, step.stepIds);
    case "end_calls":
      return endCalls(parts, journal, step.toolCallIds);
    case "recover_calls":
      return recoverCalls(parts, journal, step.toolCallIds);
    case "interrupt_calls":
      return interruptCalls(parts, journal, step.toolCallIds);
    case "ask_approval":
      return askApproval(parts, journal, step.toolCallIds);
    case "call_tools":
      return await beginAllowed(parts, journal, step.toolCallIds);
    case "run_checks":
      return beginChecks(parts, journal);
    case "compact":
      return beginCompaction(parts, journal);
    case "call_model":
      return beginModelCall(parts, journal);
    case "wait":
      return beginWait(parts, journal, step);
    case "finish":
      return beginFinish(parts, journal, step);
  }
}

/** What the next step is decided from after a budget that several goals share gave no room. */
function remember(journal: Journal, refusal: Refusal): void {
  if (refusal.type === "exceeded") journal.overShared = refusal.sentence;
  else {
    journal.facts.modelFailure = { type: "wait", until: refusal.retryAt };
    journal.waitSentence = refusal.sentence ?? "Waits for other goals that work under the same budget.";
    journal.waitEntry = refusal.entryId ?? null;
  }
}

/** What was found about the run's context files goes into its thread with the first write. */
async function withNotices(parts: LoopParts, journal: Journal, step: BegunStep): Promise<BegunStep> {
  const { notices = [] } = journal.run;
  if (notices.length === 0) return step;
  journal.run.notices = [];
  const contents = notices.map((text) => ({ type: "notice" as const, text }));
  return { ...step, intent: mergeChanges(step.intent, await newItems(parts, journal, null, contents)) };
}

/** A goal whose run is at work again no longer waits. */
function wakeGoal(journal: Journal, step: BegunStep): BegunStep {
  if (journal.goal?.status !== "waiting" || step.ends) return step;
  journal.goal.status = "active";
  const { id, usage } = journal.goal;
  const patch = { status: "active", sentence: "At work." };
  const told = event(journal, "goal.updated", { goal: { id, usage, ...patch } });
  return { ...step, intent: mergeChanges(step.intent, { goal: patch, events: [told] }) };
}

/** Model calls and checks that a dead process left open: nothing of them is kept, and they are made again. */
function closeSteps(parts: LoopParts, journal: Journal, stepIds: string[]): BegunStep {
  const ended_at = timeText(parts.clock.now());
  journal.openSteps = [];
  journal.facts.yielded = false;
  return {
    intent: {
      ...settleAside(parts, journal, { tokens: 0, micros: 0, calls: 0, unheard: true }),
      goal: { reserved_tokens: 0, reserved_micros: 0 },
      stepPatches: stepIds.map((id) => ({ id, status: "interrupted", error: "The process ended.", ended_at })),
      events: stepIds.map((id) =>
        event(journal, "step.interrupted", { step: { id, status: "interrupted", endedAt: ended_at } }),
      ),
    },
  };
}

interface Written {
  result: WriteResult;
  refusal: Refusal | null;
  /** Drops what tools kept for calls whose outcome is now stored. */
  forget: () => void;
}

async function write(parts: LoopParts, journal: Journal, outcome: Changes, step: BegunStep): Promise<Written> {
  const admitted = step.admit ? await writeAdmitted(parts, journal, outcome, step) : null;
  if (admitted) return { ...admitted, forget: () => forgetCalls(parts, journal, outcome) };
  const wanted = writeOf(journal, outcome, step.intent);
  const result = step.alongside ? await writeAlongside(parts, wanted, step.alongside) : await commit(parts, wanted);
  return { result, refusal: null, forget: () => forgetCalls(parts, journal, outcome) };
}

/** A write whose intent needs leave in its own transaction: room in a budget that several goals share. */
async function writeAdmitted(
  parts: LoopParts,
  journal: Journal,
  outcome: Changes,
  step: BegunStep,
): Promise<Omit<Written, "forget">> {
  let refusal: Refusal | null = null;
  const result = await writeAlone(parts, writeOf(journal, outcome, step.intent), async (transaction) => {
    refusal = (await step.admit?.(transaction, step.intent, outcome)) ?? null;
    return await writeWithLedger(transaction, writeOf(journal, outcome, refusal ? {} : step.intent));
  });
  return { result, refusal };
}

/** A write that needs other rows in its transaction. Rare: a timed wait, a goal that goes on in a new run. */
async function writeAlongside(parts: LoopParts, wanted: RunWrite, alongside: Alongside): Promise<WriteResult> {
  const result = await writeAlone(parts, wanted, async (transaction) => {
    const written = await writeWithLedger(transaction, wanted);
    if (written.owned && written.current) await alongside(transaction);
    return written;
  });
  parts.dispatcher.kick();
  return result;
}

/** Most writes share a statement with those of other runs; one that touches the ledger has a transaction of its own. */
async function commit(parts: LoopParts, wanted: RunWrite): Promise<WriteResult> {
  if (!hasLedgerRows(wanted)) return await parts.writer.commit(wanted);
  return await writeAlone(parts, wanted, (transaction) => writeWithLedger(transaction, wanted));
}

/** A write in a transaction of its own, made once whatever becomes of the connection. */
async function writeAlone(
  parts: LoopParts,
  wanted: RunWrite,
  work: (transaction: Queryable) => Promise<WriteResult>,
): Promise<WriteResult> {
  const make = () => meetingDeadlocks(() => parts.database.transaction(work));
  const result = await writeOnce(parts.reads, wanted, make, patience(parts));
  parts.live.committed();
  await seeLabels(parts, wanted.outcome, wanted.intent);
  return result;
}

/** A transaction that ended in a deadlock changed nothing, and is made again. */
async function meetingDeadlocks<T>(make: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await make();
    } catch (error) {
      const deadlock = error instanceof Error && "code" in error && error.code === DEADLOCK;
      if (!deadlock || attempt >= MAX_DEADLOCKS) throw error;
    }
  }
}

/** This process reads files that were just labelled next, perhaps within the second. */
async function seeLabels(parts: LoopParts, ...written: Changes[]): Promise<void> {
  if (written.some(({ fileLabels }) => fileLabels?.length)) await parts.policy(true);
}

async function commitEarly(parts: LoopParts, journal: Journal, outcome: Changes): Promise<boolean> {
  const result = await commit(parts, writeOf(journal, outcome, {}));
  if (!result.owned) return false;
  settle(journal, result);
  forgetCalls(parts, journal, outcome);
  return true;
}

/** What a write gave: the places of new items, and one more write counted. */
function settle(journal: Journal, result: WriteResult): void {
  journal.run.commits += 1;
  if (journal.pending.length === 0) return;
  const items = journal.pending.splice(0).map((item) => ({
    id: item.id as `item_${string}`,
    threadId: journal.run.threadId as `thr_${string}`,
    runId: journal.run.id as `run_${string}`,
    stepId: item.stepId as `step_${string}` | null,
    position: result.positions[item.id] ?? journal.input.position + 1,
    turn: journal.run.turn,
    content: item.content,
    createdAt: "",
  }));
  appendItems(
    journal.input,
    items.toSorted((a, b) => a.position - b.position),
  );
}

function forgetCalls(parts: LoopParts, journal: Journal, outcome: Changes): void {
  for (const { kind, check_index: index } of outcome.evidence ?? []) {
    if (kind !== "command") continue;
    const forgotten = parts.sandbox.forget(checkCommandId(journal, journal.facts.checkCount ?? 0, index));
    forgotten.catch((error: unknown) => parts.log("warn", `A check kept a stored result: ${String(error)}`));
  }
  for (const patch of outcome.toolCallPatches ?? []) {
    if (!patch.ended_at) continue;
    const name = journal.calls.find((call) => call.id === patch.id)?.name;
    const tool = journal.tools.find((candidate) => candidate.name === name);
    const context = { toolCallId: patch.id as `call_${string}`, sandbox: parts.sandbox };
    tool
      ?.forget?.(context)
      .catch((error: unknown) => parts.log("warn", `${name} kept a stored result: ${String(error)}`));
  }
}
