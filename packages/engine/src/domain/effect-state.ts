import type { EffectStatus } from "@bureau/protocol";
import { canonicalJson } from "./hash.ts";

/** What may follow what. A status that is not listed as next is refused. */
export const NEXT_EFFECT_STATUS: Record<EffectStatus, readonly EffectStatus[]> = {
  proposed: ["approved", "denied"],
  approved: ["started", "denied", "taken_back"],
  started: ["done", "failed", "unknown"],
  // Found out by asking the provider, or said by a person. Never tried again by itself.
  unknown: ["done", "failed"],
  done: [],
  failed: [],
  denied: [],
  taken_back: [],
};

/** Of these it is certain that nothing took place and nothing will: the same intent may be asked for anew. */
export const FREE_EFFECT_STATUSES: readonly EffectStatus[] = ["failed", "denied", "taken_back"];

export function mayBecome(from: EffectStatus, to: EffectStatus): boolean {
  return NEXT_EFFECT_STATUS[from].includes(to);
}

/** What an intent belongs to: the goal where there is one, else the task, else the one run. */
export interface EffectScope {
  goalId: string | null;
  taskId: string | null;
  runId: string;
}

/**
 * What makes two calls the same intent: the goal or task, the tool, and what the arguments mean. To be hashed.
 *
 * Differences that no recipient would see do not count: the order of keys and of addresses, spaces and line ends,
 * the form of accented letters.
 */
export function intentText({ goalId, taskId, runId }: EffectScope, tool: string, args: unknown): string {
  return canonicalJson([goalId ?? taskId ?? runId, tool, meaning(args)]);
}

function meaning(value: unknown): unknown {
  if (typeof value === "string") return value.normalize("NFC").replace(/\s+/gu, " ").trim();
  if (Array.isArray(value)) {
    const parts = value.map((part) => meaning(part));
    const isList = parts.every((part) => typeof part !== "object" || part === null);
    return isList ? parts.toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1)) : parts;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== null && part !== undefined);
  return Object.fromEntries(entries.map(([key, part]) => [key, meaning(part)]));
}

/** What an agent is told that asked for what was asked for before. */
export function repeatAnswer(status: EffectStatus, at: string | null, receipt: string): string {
  const when = at === null ? "" : ` at ${at}`;
  switch (status) {
    case "done":
      return `This was already done${when}${receipt}. It was not done again.`;
    case "unknown":
      return `This was begun${when}, and it is not known whether it took place. It is not tried again; a person was asked to look.`;
    case "started":
      return "This is being done at this moment by another call. It is not done twice.";
    default:
      return "The same is already asked for and waits for a person. It is made once.";
  }
}
