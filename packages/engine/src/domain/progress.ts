import type { EvidenceStatus } from "@bureau/protocol";
import { canonicalJson, textHash } from "./hash.ts";

/** Continuations in a row that leave the work as it was before the goal is stopped. */
export const IDLE_LIMIT = 3;
/** The same call with the same result, in a row: the model is warned, then a goal's run is stopped. */
export const REPEAT_WARN = 3;
export const REPEAT_STOP = 20;
/** A loop of up to this many different calls counts as a repetition too. */
const LONGEST_LOOP = 3;
/** How many of the latest calls `repeatedCalls` needs to see. */
export const REPEAT_WINDOW = REPEAT_STOP * LONGEST_LOOP;
/** Characters of a result that tell it from another. */
export const SIGNED_RESULT_LENGTH = 400;

/** What the state of a goal's work is told by. */
export interface WorkState {
  findings: readonly { status: EvidenceStatus; detail: string }[];
  /** From `folderDigest`. */
  folder: string;
  /** The agent's plan as it stands, as text. */
  plan: string | null;
  /** Signatures (`callSignature`) of the calls of the last turn that used tools. */
  calls: readonly string[];
}

/**
 * A short text that is the same when nothing has moved: same findings, same files, same plan, same tool results.
 * Times, durations and process numbers in findings do not count as movement.
 */
export function fingerprint(state: WorkState): string {
  return textHash(
    canonicalJson({
      findings: state.findings.map((finding) => [finding.status, steadyText(finding.detail)]),
      folder: state.folder,
      plan: state.plan,
      calls: [...new Set(state.calls)].toSorted(),
    }),
  );
}

export interface IdleState {
  fingerprint: string | null;
  idleCount: number;
}

export type IdleVerdict = IdleState & { stop: boolean; sentence: string | null };

/**
 * Counts a continuation that ended. Three in a row with the same fingerprint stop the goal.
 *
 * The first one sets the mark; a person's message, edit or resume resets it to `{ fingerprint: null, idleCount: 0 }`.
 */
export function afterContinuation(before: IdleState, now: string): IdleVerdict {
  const idleCount = before.fingerprint === now ? before.idleCount + 1 : 0;
  if (idleCount < IDLE_LIMIT) return { fingerprint: now, idleCount, stop: false, sentence: null };
  return {
    fingerprint: now,
    idleCount,
    stop: true,
    sentence: `Stopped: ${idleCount} continuations in a row changed nothing in the files, the plan or the checks.`,
  };
}

export interface EndedCall {
  name: string;
  arguments: unknown;
  result: string | null;
}

/** The same for two calls of the same tool with the same arguments that gave the same result. */
export function callSignature(call: EndedCall): string {
  const result = steadyText((call.result ?? "").slice(0, SIGNED_RESULT_LENGTH));
  return `${call.name}:${textHash(`${canonicalJson(call.arguments)}\n${result}`)}`;
}

export type RepeatVerdict =
  | { verdict: "ok" }
  /** `sentence` is for the model when `warn`, for the person when `stop`. */
  | { verdict: "warn" | "stop"; count: number; sentence: string };

/**
 * Looks for the same call, or the same short loop of calls, again and again at the end of a run's calls (oldest
 * first, as `callSignature` writes them). Polling is a repetition only while its result stays the same.
 */
export function repeatedCalls(signatures: readonly string[]): RepeatVerdict {
  const recent = signatures.slice(-REPEAT_WINDOW);
  let count = 0;
  let period = 1;
  for (let length = 1; length <= LONGEST_LOOP; length += 1) {
    const repeats = trailingRepeats(recent, length);
    if (repeats > count) [count, period] = [repeats, length];
  }
  if (count < REPEAT_WARN) return { verdict: "ok" };
  const names = [...new Set(recent.slice(-period).map((signature) => signature.slice(0, signature.indexOf(":"))))].join(
    ", ",
  );
  if (count >= REPEAT_STOP) {
    const sentence = `Stopped: ${names} was called ${count} times in a row with the same arguments and the same result.`;
    return { verdict: "stop", count, sentence };
  }
  const sentence = `You have called ${names} ${count} times in a row with the same arguments and got the same result. Do something else, or say what stands in the way; a goal is stopped after ${REPEAT_STOP} such calls.`;
  return { verdict: "warn", count, sentence };
}

function trailingRepeats(signatures: readonly string[], length: number): number {
  const block = signatures.slice(-length);
  if (block.length < length) return 0;
  let repeats = 0;
  for (let end = signatures.length; end >= length; end -= length) {
    if (!block.every((signature, index) => signatures[end - length + index] === signature)) break;
    repeats += 1;
  }
  return repeats;
}

/** A text without what differs from one look to the next: times, durations, process numbers, addresses. */
function steadyText(text: string): string {
  return text
    .replace(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?/g, "<time>")
    .replace(/\b\d\d?:\d\d:\d\d(\.\d+)?\b/g, "<time>")
    .replace(/\b\d+(\.\d+)?\s?(ms|milliseconds?|s|seconds?)\b/g, "<duration>")
    .replace(/\b(pid|process)[ =:]\d+/gi, "<process>");
}
