import type { InboxEntry, Usage } from "@bureau/protocol";
import { localDay, nextLocalDay, timeText } from "../clock.ts";
import { capKey, type CapPlan, type CapReached, type Caps, capsFor, NO_CAPS, planWithinCaps } from "../domain/caps.ts";
import { canonicalJson, textHash } from "../domain/hash.ts";
import type { ModelPrice } from "../models/model.ts";
import type { Queryable } from "../store/database.ts";
import { appendEvents } from "../store/events.ts";
import type { Changes } from "../store/journal.ts";
import { lockSpending, type Spending, type SpendingChange } from "../store/spending.ts";
import { type Journal, type RunFacts, setFacts, type WantedCall } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import { reserveShared } from "./shared-budget.ts";
import type { Refusal } from "./step.ts";

/** Until a budget or a cap is asked again that others have set aside for calls in flight. */
const BUSY_RETRY_MS = 1_000;

export interface AskedCall {
  wanted: WantedCall;
  /** The longest answer that the run's own budget allows. */
  maxOutputTokens: number;
  /** What the goal itself has used, as its run knows it; null when it shares its budget with no other. */
  usage: Usage | null;
  /** Models that may answer, the first one first. */
  models: readonly string[];
  /** Written in the same transaction, after this: what it settles counts already. */
  outcome: Changes;
}

export type Leave =
  | {
      ok: true;
      tokens: number;
      micros: number;
      maxOutputTokens: number;
      /** Facts of the run once the transaction is committed; the same transaction must write them. */
      kept: RunFacts;
      /** Must be written in the same transaction too. */
      spending: SpendingChange[];
    }
  | { ok: false; refusal: Refusal };

/**
 * Asks for one model call under everything that holds for it besides the run's own budget: the goals above and below,
 * the agent, the workspace and the day. The locks it takes last until the transaction ends, which may be tried
 * again: nothing in memory is changed here.
 */
export async function askLeave(
  parts: LoopParts,
  journal: Journal,
  transaction: Queryable,
  asked: AskedCall,
): Promise<Leave> {
  let { wanted } = asked;
  let room = { tokens: Number.MAX_SAFE_INTEGER, micros: Number.MAX_SAFE_INTEGER };
  const { goal, run } = journal;
  if (goal?.hasFamily && asked.usage) {
    const shared = await reserveShared(transaction, { runId: run.id, goal, usage: asked.usage, wanted });
    if (!shared.ok) return { ok: false, refusal: shared.busy ? busy(parts) : exceeded(shared.sentence) };
    room = shared;
    wanted = { ...wanted, maxOutputTokens: shared.maxOutputTokens };
  }
  wanted = { ...wanted, maxOutputTokens: Math.min(wanted.maxOutputTokens, asked.maxOutputTokens) };
  const caps = parts.caps?.current() ?? null;
  if (caps === null) return { ok: true, ...room, maxOutputTokens: wanted.maxOutputTokens, kept: {}, spending: [] };
  // The run first, as in every transaction.
  await transaction.query("SELECT 1 FROM runs WHERE id = $1 FOR UPDATE", [run.id]);
  const capped = await askCaps(parts, journal, transaction, { ...asked, wanted, caps });
  if (!capped.ok) return capped;
  return {
    ...capped,
    tokens: Math.min(room.tokens, capped.tokens),
    micros: Math.min(room.micros, capped.micros),
  };
}

async function askCaps(
  parts: LoopParts,
  journal: Journal,
  transaction: Queryable,
  asked: AskedCall & { caps: Caps },
): Promise<Leave> {
  const { agent, facts } = journal;
  const day = facts.setAside?.day ?? localDay(parts.clock.now());
  const spending = await lockSpending(transaction, agent.id, day);
  for (const settled of asked.outcome.spending ?? []) count(spending, settled, day);
  const newRun = facts.countedDay !== day;
  const price = dearest(asked.models.map((model) => parts.models.price(model)));
  const call = { ...asked.wanted, price, model: asked.models[0] ?? "", newRun };
  const plan = (caps: Caps) =>
    planWithinCaps(
      capsFor(caps, agent.name).map((scope) => ({ ...scope, spent: spending[scope.of][scope.period] })),
      call,
    );
  let answer = plan(asked.caps);
  if (!answer.ok && answer.why !== "busy" && parts.caps) {
    // A person may have raised it since; a reached cap is rare enough to look at the file.
    const raised = await parts.caps.reload();
    answer = plan(raised ?? NO_CAPS);
  }
  if (!answer.ok) return { ok: false, refusal: await refuse(parts, journal, transaction, answer) };
  const { tokens, micros, maxOutputTokens } = answer;
  const aside = facts.setAside ?? { day, tokens: 0, micros: 0 };
  const kept: RunFacts = {
    setAside: { day, tokens: aside.tokens + tokens, micros: aside.micros + micros },
    countedDay: day,
    ...(facts.capWait ? { capWait: null } : {}),
  };
  await closeWaitedEntry(transaction, facts.capWait ?? null);
  const change = { agent_id: agent.id, day, reserved_tokens: tokens, reserved_micros: micros };
  return {
    ok: true,
    tokens,
    micros,
    maxOutputTokens,
    kept,
    spending: [{ ...change, tokens: 0, micros: 0, calls: 0, runs: newRun ? 1 : 0 }],
  };
}

/** What the outcome in the same transaction settles is spent, and no longer set aside. */
function count(spending: Spending, change: SpendingChange, day: string): void {
  for (const scope of [spending.workspace, spending.agent]) {
    for (const period of change.day === day ? (["day", "total"] as const) : (["total"] as const)) {
      const spent = scope[period];
      scope[period] = {
        tokens: spent.tokens + change.tokens,
        micros: spent.micros + change.micros,
        runs: spent.runs + change.runs,
        reservedTokens: Math.max(0, spent.reservedTokens + change.reserved_tokens),
        reservedMicros: Math.max(0, spent.reservedMicros + change.reserved_micros),
      };
    }
  }
}

/** Another model may answer than the first: the call is set aside at the highest price. One unknown makes it unknown. */
function dearest(prices: readonly (ModelPrice | null)[]): ModelPrice | null {
  let high: ModelPrice | null = { input: 0, cachedInput: 0, output: 0 };
  for (const price of prices) {
    if (price === null || high === null) high = null;
    else {
      high = {
        input: Math.max(high.input, price.input),
        cachedInput: Math.max(high.cachedInput, price.cachedInput),
        output: Math.max(high.output, price.output),
      };
    }
  }
  return high;
}

async function refuse(
  parts: LoopParts,
  journal: Journal,
  transaction: Queryable,
  plan: Extract<CapPlan, { ok: false }>,
): Promise<Refusal> {
  if (plan.why === "busy") return { ...busy(parts), sentence: plan.sentence };
  const raise = `Raise ${capKey(plan.reached)} in bureau.yaml to go on`;
  if (plan.why === "unpriced") return exceeded(plan.sentence);
  if (plan.reached.period === "total") return exceeded(`${plan.sentence} ${raise}.`);
  const entryId = await tellOnce(parts, journal, transaction, plan.reached, `${plan.sentence} ${raise} today.`);
  const until = nextLocalDay(parts.clock.now());
  return {
    type: "busy",
    retryAt: until,
    sentence: `${plan.sentence} Goes on tomorrow, or when it is raised.`,
    entryId,
  };
}

/** One entry for a cap that is reached in a day, however many runs wait for it. */
async function tellOnce(
  parts: LoopParts,
  journal: Journal,
  transaction: Queryable,
  reached: CapReached,
  title: string,
): Promise<string> {
  const now = parts.clock.now();
  const day = localDay(now);
  const { spent: _, ...cap } = reached;
  const id = `note_${textHash(canonicalJson({ ...cap, day }))}`;
  const agentId = reached.of === "agent" ? journal.agent.id : null;
  const detail = {
    ...reached,
    day,
    setting: capKey(reached),
    toDo: "Wait for tomorrow, or raise the cap in bureau.yaml and dismiss this entry: the work then goes on.",
  };
  const { rows } = await transaction.query(
    `INSERT INTO inbox (id, kind, status, agent_id, title, detail, created_at)
     VALUES ($1, 'budget', 'pending', $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING RETURNING id`,
    [id, agentId, title, JSON.stringify(detail), timeText(now)],
  );
  if (rows.length > 0) {
    const entry = { ...newEntry(id, title, timeText(now)), agentId: agentId as InboxEntry["agentId"], detail };
    await appendEvents(transaction, [{ type: "inbox.added", data: { entry } }]);
  }
  return id;
}

function newEntry(id: string, title: string, createdAt: string): InboxEntry {
  return {
    id,
    kind: "budget",
    status: "pending",
    agentId: null,
    goalId: null,
    runId: null,
    threadId: null,
    toolCallId: null,
    title,
    detail: {},
    choices: [],
    actionHash: null,
    answer: null,
    decidedBy: null,
    decidedDevice: null,
    decidedAt: null,
    effectId: null,
    assignee: null,
    remindAt: null,
    remindedAt: null,
    expiresAt: null,
    onExpiry: null,
    createdAt,
  };
}

/** The cap that the run waited for has room again: the entry asks for nothing any more. */
async function closeWaitedEntry(transaction: Queryable, entryId: string | null): Promise<void> {
  if (entryId === null) return;
  const { rows } = await transaction.query<{ id: string; title: string; created_at: Date }>(
    `UPDATE inbox SET status = 'expired', decided_at = now() WHERE id = $1 AND status = 'pending'
     RETURNING id, title, created_at`,
    [entryId],
  );
  const entry = rows[0];
  if (entry === undefined) return;
  const closed = { ...newEntry(entry.id, entry.title, entry.created_at.toISOString()), status: "expired" };
  await appendEvents(transaction, [{ type: "inbox.closed", data: { entry: closed } }]);
}

function busy(parts: LoopParts): Extract<Refusal, { type: "busy" }> {
  return { type: "busy", retryAt: parts.clock.now() + BUSY_RETRY_MS };
}

function exceeded(sentence: string): Refusal {
  return { type: "exceeded", sentence };
}

/** What a call used. `unheard`: it was begun, and how it ended was not heard. */
export interface UsedByCall {
  tokens: number;
  micros: number;
  calls: number;
  unheard: boolean;
  /** Calls among them that came to neither a tool call nor a word. */
  idleCalls?: number;
}

/**
 * Tells the watch what the run's calls used, and settles in the outcome what was set aside for them. A call whose end
 * was not heard counts as spent in full: the provider may have answered it.
 */
export function settleAside(parts: Pick<LoopParts, "watch">, journal: Journal, used: UsedByCall): Changes {
  const { run, agent } = journal;
  if (used.calls > 0) {
    const { tokens, micros, idleCalls = 0 } = used;
    parts.watch?.settled({ runId: run.id, goalId: run.goalId, agent, tokens, micros, idleCalls });
  }
  const aside = journal.facts.setAside;
  if (!aside) return {};
  const tokens = used.unheard ? Math.max(aside.tokens, used.tokens) : used.tokens;
  const micros = used.unheard ? Math.max(aside.micros, used.micros) : used.micros;
  const change: SpendingChange = {
    agent_id: journal.agent.id,
    day: aside.day,
    tokens,
    micros,
    calls: Math.max(used.calls, used.unheard ? 1 : 0),
    runs: 0,
    reserved_tokens: -aside.tokens,
    reserved_micros: -aside.micros,
  };
  return { run: { state: setFacts(journal, { setAside: null }) }, spending: [change] };
}
