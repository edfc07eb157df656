import type { RunFailure } from "@bureau/protocol";
import type { ModelFailure, ModelFailureKind } from "../models/model.ts";

export interface ModelRetryInput {
  failure: ModelFailure;
  /** Which attempt at this model failed, from 1. */
  attempt: number;
  /** Place of the model in the chain, from 0. */
  chainPosition: number;
  chainLength: number;
  /** From 0 up to but not 1; spreads the retries of many runs. */
  random: number;
}

/** What follows a failed model call. `wait` is long enough to be kept as a row; `retry` is held. */
export type AfterModelFailure =
  | { type: "retry"; delayMs: number }
  | { type: "wait"; delayMs: number }
  | { type: "next_model" }
  | { type: "compact" }
  | { type: "give_up"; code: RunFailure; sentence: string }
  | { type: "canceled" };

/** Attempts at one model before the next one is tried. */
export const MAX_ATTEMPTS = 6;
/** Longer delays are kept as a row and hold no process. */
export const MAX_HELD_DELAY_MS = 5_000;
/** A provider that asks for more quiet than this loses the call to the next model. */
export const LONG_WAIT_MS = 600_000;
const BASE_DELAY_MS = 500;
const MAX_BACKOFF_MS = 60_000;
/** `Retry-After` is never undercut, and exceeded by at most this share, so that waiting runs do not all come at once. */
const RETRY_AFTER_SPREAD = 0.1;

type Answer = "again" | "again_soon" | "next" | "compact" | "stop";

/** What each kind calls for. `again_soon` is for faults that waiting does not mend. */
const ANSWERS: Record<ModelFailureKind, Answer> = {
  rate_limited: "again",
  overloaded: "again",
  network: "again",
  cut_stream: "again_soon",
  stalled: "again_soon",
  malformed: "again_soon",
  context_overflow: "compact",
  usage_limit: "next",
  unauthenticated: "next",
  invalid_request: "next",
  canceled: "stop",
};

/** Decides from a failure alone what is tried next. Pure. */
export function afterModelFailure(input: ModelRetryInput): AfterModelFailure {
  const { failure } = input;
  switch (ANSWERS[failure.kind]) {
    case "stop":
      return { type: "canceled" };
    case "compact":
      return input.attempt < MAX_ATTEMPTS ? { type: "compact" } : nextOrGiveUp(input);
    case "next":
      return nextOrGiveUp(input);
    case "again":
    case "again_soon":
      return again(input);
  }
}

/** Delay before an attempt, without `Retry-After`: doubles, has a cap, and lies between half of that and all of it. */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(MAX_BACKOFF_MS, BASE_DELAY_MS * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (full / 2) * random);
}

function again(input: ModelRetryInput): AfterModelFailure {
  const { failure, attempt, random } = input;
  const hasNext = input.chainPosition + 1 < input.chainLength;
  if (attempt >= MAX_ATTEMPTS) return nextOrGiveUp(input);
  if (failure.retryAfterMs !== null && failure.retryAfterMs > LONG_WAIT_MS && hasNext) return { type: "next_model" };
  const delayMs =
    failure.retryAfterMs === null
      ? Math.min(
          backoffMs(attempt, random),
          ANSWERS[failure.kind] === "again_soon" ? MAX_HELD_DELAY_MS : MAX_BACKOFF_MS,
        )
      : Math.ceil(failure.retryAfterMs + Math.floor(failure.retryAfterMs * RETRY_AFTER_SPREAD * random));
  return { type: delayMs > MAX_HELD_DELAY_MS ? "wait" : "retry", delayMs };
}

function nextOrGiveUp(input: ModelRetryInput): AfterModelFailure {
  if (input.chainPosition + 1 < input.chainLength) return { type: "next_model" };
  const { failure } = input;
  const code: RunFailure = failure.kind === "usage_limit" ? "usage_limit" : "model";
  return { type: "give_up", code, sentence: `${OPENINGS[failure.kind]} ${failure.message}`.trim() };
}

const OPENINGS: Record<ModelFailureKind, string> = {
  rate_limited: "The model's provider kept refusing calls because of its rate limit.",
  overloaded: "The model's provider was overloaded on every attempt.",
  network: "The model's provider could not be reached.",
  cut_stream: "The connection to the model broke in every answer.",
  stalled: "The model fell silent in every answer.",
  malformed: "The model's answers could not be read.",
  context_overflow: "The conversation is too long for the model, even when shortened.",
  usage_limit: "The account at the model's provider is used up.",
  unauthenticated: "The model's provider did not accept the key.",
  invalid_request: "The model's provider did not accept the request.",
  canceled: "The call was canceled.",
};
