import type { BureauEvent } from "@bureau/protocol";

interface Told {
  seq: number;
  value: unknown;
}

/** What events told lately of each thing, field by field. */
export interface Recent {
  note: (event: BureauEvent) => void;
  /** The thing as it was fetched, with what events after `askedAt` told of it. */
  overlay: <T extends { id: string }>(thing: T, askedAt: number) => T;
}

/**
 * Remembers what events told, so that a reply that was asked for before them does not undo it.
 *
 * Holds at most `maxThings`, those told of last: more than events tell of in the time of one request.
 */
export function createRecent(maxThings: number): Recent {
  const things = new Map<string, Map<string, Told>>();
  return {
    note(event) {
      for (const [id, fields] of partsOf(event)) {
        const known = things.get(id) ?? new Map<string, Told>();
        for (const [field, value] of Object.entries(fields)) known.set(field, { seq: event.seq, value });
        things.delete(id);
        things.set(id, known);
      }
      for (const id of things.keys()) {
        if (things.size <= maxThings) break;
        things.delete(id);
      }
    },
    overlay(thing, askedAt) {
      const told = [...(things.get(thing.id) ?? [])].filter(([, { seq }]) => seq > askedAt);
      return told.length === 0
        ? thing
        : { ...thing, ...Object.fromEntries(told.map(([field, { value }]) => [field, value])) };
    },
  };
}

/** Everything that an event tells of, also what `applyEvent` draws from it: where its run is, what its call came to. */
function partsOf({ data }: BureauEvent): [id: string, fields: object][] {
  const parts: [string, object][] = [];
  for (const [name, thing] of Object.entries(data)) {
    if (name !== "item" && isObject(thing) && typeof thing["id"] === "string") parts.push([thing["id"], thing]);
  }
  const { step, item } = data;
  if (isObject(step) && typeof step["runId"] === "string" && typeof step["number"] === "number") {
    const model = step["kind"] === "model_call" ? { model: step["name"] } : {};
    parts.push([step["runId"], { stepCount: step["number"], turn: step["turn"], ...model }]);
  }
  const content = isObject(item) && isObject(item["content"]) ? item["content"] : {};
  if (content["type"] === "tool_result" && typeof content["toolCallId"] === "string") {
    parts.push([content["toolCallId"], { result: content["text"] }]);
  }
  return parts;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
