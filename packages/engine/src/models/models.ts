import { AppError } from "@bureau/protocol";
import { systemClock, type Clock } from "../clock.ts";
import { decodeStream } from "./decode.ts";
import { toModelFailure } from "./failure.ts";
import { createGovernor, type Governor } from "./governor.ts";
import type { ModelAnswer, ModelCallOptions, ModelFailure, ModelRequest, Models } from "./model.ts";
import { DEFAULT_LIMITS, knownLimits, knownPrice } from "./prices.ts";
import type { Vault } from "../vault/vault.ts";
import { openProvider, type Provider } from "./providers.ts";
import { callOptions } from "./request-options.ts";
import { findProvider, modelChain, type FoundProvider, type ModelSettings } from "./settings.ts";

export interface OpenModels extends Models {
  /** Closes idle connections and those of calls under way. */
  close(): void;
}

/** The models of these settings. Nothing is loaded or connected before the first call. */
export function createModels(
  settings: ModelSettings,
  clock: Clock = systemClock,
  vault: Pick<Vault, "get"> | null = null,
): OpenModels {
  const lines = new Map<string, Line>();
  const lineOf = (target: FoundProvider): Line => {
    const found = lines.get(target.name) ?? openLine(target, clock, vault);
    lines.set(target.name, found);
    return found;
  };
  return {
    rehearsal: false,
    chain: (role) => {
      const chain = modelChain(settings, role);
      for (const name of chain) findProvider(settings, name);
      return chain;
    },
    price: (model) => settings.prices?.[model] ?? knownPrice(model),
    limits: (model) => settings.limits?.[model] ?? knownLimits(model) ?? DEFAULT_LIMITS,
    call: async (request, options) => {
      try {
        const target = findProvider(settings, request.model);
        return await admitted(lineOf(target), target, request, options, clock);
      } catch (error) {
        return failed(request, { ...unsent(error), ...(options.signal.aborted ? { kind: "canceled" } : {}) });
      }
    },
    prepare: async () => {
      try {
        const [first] = modelChain(settings, "default");
        if (first === undefined) return;
        const target = findProvider(settings, first);
        (await lineOf(target).provider()).model(target.model);
      } catch {
        // Whatever is wrong is said by the first call.
      }
    },
    close: () => {
      for (const line of lines.values()) line.close();
    },
  };
}

/** What all calls to one provider share. */
interface Line {
  governor: Governor;
  provider(): Promise<Provider>;
  close(): void;
}

function openLine(target: FoundProvider, clock: Clock, vault: Pick<Vault, "get"> | null): Line {
  let opened: Promise<Provider> | null = null;
  return {
    governor: createGovernor(target.maxConcurrent, clock),
    provider: () => (opened ??= openProvider(target.name, target, vault)),
    close: () => void opened?.then((provider) => provider.close()),
  };
}

async function admitted(
  line: Line,
  target: FoundProvider,
  request: ModelRequest,
  options: ModelCallOptions,
  clock: Clock,
): Promise<ModelAnswer> {
  const admission = await line.governor.enter(options.signal);
  if (admission.type === "full") {
    return failed(request, {
      kind: "rate_limited",
      message: `Too many calls wait for ${target.name}.`,
      status: null,
      retryAfterMs: null,
    });
  }
  if (admission.type === "wait") {
    const message = `${target.name} asked for quiet for another ${admission.delayMs} ms.`;
    return failed(request, { kind: "rate_limited", message, status: null, retryAfterMs: admission.delayMs });
  }
  try {
    const answer = await callOnce(await line.provider(), target, request, options, clock);
    if (answer.status === "failed" && isQuiet(answer.failure)) line.governor.backOff(answer.failure.retryAfterMs ?? 0);
    return answer;
  } finally {
    admission.leave();
  }
}

function isQuiet(failure: ModelFailure): boolean {
  return failure.retryAfterMs !== null && (failure.kind === "rate_limited" || failure.kind === "overloaded");
}

async function callOnce(
  provider: Provider,
  target: FoundProvider,
  request: ModelRequest,
  options: ModelCallOptions,
  clock: Clock,
): Promise<ModelAnswer> {
  const fail = (error: unknown, usage: ModelAnswer["usage"]) => {
    const context = { signal: options.signal, now: clock.now(), apiKey: target.apiKey };
    return failed(request, toModelFailure(error, context), usage);
  };
  try {
    const { stream } = await provider.model(target.model).doStream(callOptions(target.kind, request, options.signal));
    const decoded = await decodeStream(stream, options.onDelta);
    if (options.signal.aborted) return fail(options.signal.reason, null);
    if (decoded.type === "error") return fail(decoded.error, decoded.usage);
    if (decoded.type === "cut") return fail(CUT, decoded.usage);
    const { parts, finish, usage } = decoded;
    return { status: "answered", model: request.model, parts, finish, usage };
  } catch (error) {
    // Ours, from before anything was sent: a secret that cannot be had.
    return error instanceof AppError ? failed(request, unsent(error)) : fail(error, null);
  }
}

/** A call that was never made, and why. */
function unsent(error: unknown): ModelFailure {
  const hint = error instanceof AppError && error.hint !== undefined ? ` ${error.hint}` : "";
  const message = `${String((error as Error).message)}${hint}`;
  return { kind: "invalid_request", message, status: null, retryAfterMs: null };
}

const CUT = Object.assign(new Error("The answer ended before it was complete."), { code: "CUT" });

function failed(request: ModelRequest, failure: ModelFailure, usage: ModelAnswer["usage"] = null): ModelAnswer {
  return { status: "failed", model: request.model, failure, usage };
}
