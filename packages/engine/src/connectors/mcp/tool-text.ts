const MAX_DESCRIPTION_LENGTH = 2_000;
const MAX_SCHEMA_TEXT_LENGTH = 600;
const MAX_SCHEMA_BYTES = 16_384;
const MAX_SCHEMA_NODES = 2_000;
const MAX_SCHEMA_DEPTH = 40;
/** Characters that a person does not see and a model may obey: controls, and those that only format. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu;

type Schema = Record<string, unknown>;

/** A server's text about a tool as the model is shown it. */
export function shownDescription(text: string | undefined): string {
  return shown(text ?? "", MAX_DESCRIPTION_LENGTH);
}

function shown(text: string, most: number): string {
  const clean = text.toWellFormed().replace(UNSEEN, (character) => (/[\n\t]/.test(character) ? character : ""));
  return clean.length > most ? `${clean.slice(0, most - 1)}…` : clean;
}

/**
 * A server's schema as the model is shown it: its own, with texts cut. One beyond the bound loses its texts, then all
 * but the names of the arguments.
 */
export function shownSchema(schema: Schema): Schema {
  const rooted = { ...schema, type: "object", properties: objectOf(schema["properties"]) };
  for (const most of [MAX_SCHEMA_TEXT_LENGTH, 0]) {
    const copied = copy(rooted, most);
    if (copied !== null && Buffer.byteLength(JSON.stringify(copied)) <= MAX_SCHEMA_BYTES) return copied as Schema;
  }
  const names = Object.keys(rooted.properties).slice(0, 100);
  return { type: "object", properties: Object.fromEntries(names.map((name) => [shown(name, 64), {}])) };
}

function copy(root: unknown, mostText: number): unknown {
  let nodes = 0;
  const visit = (value: unknown, depth: number): unknown => {
    nodes += 1;
    if (nodes > MAX_SCHEMA_NODES || depth > MAX_SCHEMA_DEPTH) throw new RangeError("too large");
    if (typeof value === "string") return shown(value, MAX_SCHEMA_TEXT_LENGTH);
    if (Array.isArray(value)) return value.map((each) => visit(each, depth + 1));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).flatMap(([key, each]): [string, unknown][] => {
      if (key === "$schema") return [];
      const isText = typeof each === "string" && (key === "description" || key === "title" || key === "$comment");
      if (!isText) return [[key, visit(each, depth + 1)]];
      return mostText === 0 || key !== "description" ? [] : [[key, shown(each, mostText)]];
    });
    return Object.fromEntries(entries);
  };
  try {
    return visit(root, 0);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function objectOf(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}
