import type { ModelCallOptions, ModelRequest, Models } from "../models/model.ts";
import type { SecretGuard } from "./secret-guard.ts";

/** The same models, with every secret hidden in what they are sent, in what they answer, and while they speak. */
export function guardModels(models: Models, guard: SecretGuard): Models {
  const clean = rememberClean(guard);
  return {
    ...models,
    get rehearsal() {
      return models.rehearsal;
    },
    call: async (request, options) => {
      const deltas = guardDeltas(options, guard);
      const sent: ModelRequest = {
        ...request,
        messages: request.messages.map((message) => clean(message)),
        tools: request.tools.map((tool) => clean(tool)),
      };
      const answer = await models.call(sent, deltas.options);
      deltas.end();
      return guard.redactData(answer);
    },
  };
}

/** A thread's messages are sent again with each call: each is looked at once, until another secret is learned. */
function rememberClean(guard: SecretGuard): <T extends object>(value: T) => T {
  const known = new WeakMap<object, { version: number; value: object }>();
  return (value) => {
    const found = known.get(value);
    if (found?.version === guard.version) return found.value as typeof value;
    const made = guard.redactData(value);
    known.set(value, { version: guard.version, value: made });
    return made;
  };
}

function guardDeltas(options: ModelCallOptions, guard: SecretGuard): { options: ModelCallOptions; end: () => void } {
  const { onDelta } = options;
  if (onDelta === undefined) return { options, end: () => undefined };
  const streams = { text: guard.stream(), reasoning: guard.stream() };
  const tell = (kind: "text" | "reasoning", text: string) => {
    if (text !== "") onDelta({ kind, text });
  };
  return {
    options: {
      ...options,
      onDelta: ({ kind, text }) => {
        const other = kind === "text" ? "reasoning" : "text";
        tell(other, streams[other].end());
        tell(kind, streams[kind].push(text));
      },
    },
    end: () => {
      tell("reasoning", streams.reasoning.end());
      tell("text", streams.text.end());
    },
  };
}
