import { NO_USAGE } from "@bureau/protocol";
import { type CallEstimate, estimateCall, moneyText, planCall } from "./budget.ts";

/** Hard caps of one scope over one period; an absent one is no cap. */
export interface CapAmounts {
  tokens?: number;
  micros?: number;
  /** Runs that were at work in the period. */
  runs?: number;
}
export type CapLimit = keyof CapAmounts;

export interface ScopeCaps {
  day: CapAmounts;
  /** Over all days. */
  total: CapAmounts;
}

/** What `bureau.yaml` caps besides the budgets of goals. */
export interface Caps {
  workspace: ScopeCaps;
  /** By the agent's name. */
  agents: Record<string, ScopeCaps>;
}

/** What a scope has spent in a period, and what is set aside for calls in flight. */
export interface Spent {
  tokens: number;
  micros: number;
  runs: number;
  reservedTokens: number;
  reservedMicros: number;
}

/** One cap that holds for a call. */
export interface CapScope {
  of: "workspace" | "agent";
  /** The agent's name; that of the workspace is not needed. */
  name: string;
  period: "day" | "total";
  caps: CapAmounts;
  spent: Spent;
}

export interface CappedCall extends CallEstimate {
  /** The model's name, for the sentence. */
  model: string;
  /** The run has not been counted in this day yet. */
  newRun: boolean;
}

/** Which cap gave no room. */
export interface CapReached {
  of: CapScope["of"];
  name: string;
  period: CapScope["period"];
  limit: CapLimit;
  cap: number;
  spent: number;
}

export type CapPlan =
  | { ok: true; tokens: number; micros: number; maxOutputTokens: number }
  /** `busy`: there is room as soon as calls in flight have ended. `unpriced`: a cap on money cannot hold. */
  | { ok: false; why: "busy" | "reached" | "unpriced"; reached: CapReached; sentence: string };

export const NO_CAPS: Caps = { workspace: { day: {}, total: {} }, agents: {} };

/** Whether anything is capped: when not, spending is not counted by scopes at all. */
export function hasCaps(caps: Caps): boolean {
  return [caps.workspace, ...Object.values(caps.agents)].some(
    ({ day, total }) => Object.keys(day).length + Object.keys(total).length > 0,
  );
}

/** The caps that hold for a call of an agent, the widest first. */
export function capsFor(caps: Caps, agent: string): Omit<CapScope, "spent">[] {
  const own = Object.hasOwn(caps.agents, agent) ? caps.agents[agent]! : { day: {}, total: {} };
  const scopes: Omit<CapScope, "spent">[] = [
    { of: "workspace", name: "", period: "total", caps: caps.workspace.total },
    { of: "workspace", name: "", period: "day", caps: caps.workspace.day },
    { of: "agent", name: agent, period: "total", caps: own.total },
    { of: "agent", name: agent, period: "day", caps: own.day },
  ];
  return scopes.filter((scope) => Object.keys(scope.caps).length > 0);
}

/**
 * Room for a model call under every cap that holds for it, with its output bound lowered to what they still allow.
 *
 * A call is let through only when its whole reservation fits beside what is spent and set aside. A cap on money holds
 * for a model without a price only through a cap on tokens, which must then be there too.
 */
export function planWithinCaps(scopes: readonly CapScope[], call: CappedCall): CapPlan {
  const counted = scopes.some(({ caps }) => caps.tokens !== undefined);
  let maxOutputTokens = call.maxOutputTokens;
  for (const scope of scopes) {
    const { caps, spent } = scope;
    if (caps.micros !== undefined && call.price === null && !counted) return unpriced(scope, caps.micros, call.model);
    if (caps.runs !== undefined && call.newRun && spent.runs + 1 > caps.runs) {
      return refusal(scope, "runs", caps.runs, spent.runs, false);
    }
    const plan = planUnder(scope, { ...call, maxOutputTokens }, true);
    if (!plan.ok) {
      const limit = plan.exceeded === "micros" ? "micros" : "tokens";
      const busy = planUnder(scope, { ...call, maxOutputTokens }, false).ok;
      return refusal(scope, limit, caps[limit] ?? 0, spent[limit], busy);
    }
    maxOutputTokens = Math.min(maxOutputTokens, plan.maxOutputTokens);
  }
  const { tokens, micros } = estimateCall({ ...call, maxOutputTokens });
  return { ok: true, tokens, micros, maxOutputTokens };
}

function planUnder({ caps, spent }: CapScope, call: CallEstimate, withReserved: boolean) {
  const reserved = withReserved
    ? { tokens: spent.reservedTokens, micros: spent.reservedMicros }
    : { tokens: 0, micros: 0 };
  const budget = {
    ...(caps.tokens === undefined ? {} : { tokens: caps.tokens }),
    ...(caps.micros === undefined ? {} : { micros: caps.micros }),
  };
  return planCall({ ...NO_USAGE, tokens: spent.tokens, micros: spent.micros }, reserved, budget, call);
}

function refusal(scope: CapScope, limit: CapLimit, cap: number, spent: number, busy: boolean): CapPlan {
  const reached: CapReached = { of: scope.of, name: scope.name, period: scope.period, limit, cap, spent };
  if (busy) {
    return { ok: false, why: "busy", reached, sentence: `Waits for other calls under ${capText(reached)}.` };
  }
  const left = amountText(limit, spent);
  const sentence = `${capitalized(capText(reached))} has no room for another ${limit === "runs" ? "run" : "model call"}: ${left} ${spent === 1 ? "is" : "are"} spent.`;
  return { ok: false, why: "reached", reached, sentence };
}

function unpriced(scope: CapScope, cap: number, model: string): CapPlan {
  const reached: CapReached = {
    of: scope.of,
    name: scope.name,
    period: scope.period,
    limit: "micros",
    cap,
    spent: scope.spent.micros,
  };
  const sentence = `${capitalized(capText(reached))} cannot hold for ${model}, whose price is not known. Write its price under prices in bureau.yaml (0 when a call costs nothing), or add a cap on tokens.`;
  return { ok: false, why: "unpriced", reached, sentence };
}

/** `the cap of $5.00 a day for the workspace` */
export function capText(cap: Pick<CapReached, "of" | "name" | "period" | "limit" | "cap">): string {
  const period = cap.period === "day" ? "a day" : "in all";
  const whose = cap.of === "workspace" ? "the workspace" : `the agent ${cap.name}`;
  return `the cap of ${amountText(cap.limit, cap.cap)} ${period} for ${whose}`;
}

/** The place of a cap in `bureau.yaml`: `caps.day.tokens`, `caps.agents.writer.money`. */
export function capKey(cap: Pick<CapReached, "of" | "name" | "period" | "limit">): string {
  const amount = cap.limit === "micros" ? "money" : cap.limit;
  if (cap.of === "workspace") return cap.period === "day" ? `caps.day.${amount}` : `caps.workspace.${amount}`;
  return `caps.agents.${cap.name}.${cap.period === "day" ? "day." : ""}${amount}`;
}

const NUMBER = new Intl.NumberFormat("en-US");

export function amountText(limit: CapLimit, value: number): string {
  if (limit === "micros") return moneyText(value);
  const noun = limit === "tokens" ? "token" : "run";
  return `${NUMBER.format(value)} ${value === 1 ? noun : `${noun}s`}`;
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
