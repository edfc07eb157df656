import fc from "fast-check";

/** JSON Schema, as far as values are made from it. Anything else in it is left out of account. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
}

const MAX_DEPTH = 5;
const MAX_TEXT = 40;
const MAX_LIST = 4;

export const NASTY_TEXT = [
  "",
  " ",
  "\u0000",
  "\ud800",
  "\u202e\u2066",
  "é̀日本🏳️‍🌈",
  "../../../etc/passwd",
  "/etc/passwd",
  "/",
  ".",
  "C:\\Windows",
  ".bureau/token",
  "'; DROP TABLE goals; --",
  "%s%n%d",
  "{{7*7}}${7*7}",
  "<script>alert(1)</script>",
  "a\r\nSet-Cookie: x=1",
  "-1",
  "1e999",
  "null",
  "__proto__",
  "a,b,,c",
  "x".repeat(201),
  "x".repeat(5_000),
] as const;

export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown[]>(null, true, 0, -1, 0.1, 1e308, -0, Number.MAX_SAFE_INTEGER, 2_147_483_648, [], {}, [
    [[[[[]]]]],
  ]),
  fc.constantFrom(...NASTY_TEXT),
  fc.string({ unit: "binary" }),
  fc.jsonValue({ maxDepth: 4 }),
);

const text = fc.oneof(
  { weight: 3, arbitrary: fc.nat(500).map((number) => `@${number}`) },
  { weight: 3, arbitrary: fc.string({ maxLength: MAX_TEXT }) },
  { weight: 1, arbitrary: fc.constantFrom(...NASTY_TEXT) },
);

const PREFIXES: Record<string, string> = {
  agent: "agt",
  task: "task",
  thread: "thr",
  goal: "goal",
  parent: "goal",
  run: "run",
  entry: "ques",
  entries: "ques",
  question: "ques",
  approval: "appr",
  device: "dev",
  artifact: "art",
  comment: "cmt",
};

/** Names whose values are of a kind that no id is. */
const VALUES: Record<string, readonly string[]> = {
  version: ["newest", "1", "2", "0", "1e9"],
  path: ["AGENTS.md", ".", "memory/one.md", "..", "/etc/passwd", ".bureau/token", "a.md/b", "skills"],
};

/** Something of the kind that a name says, as `@7.goal`: it is put in when it is sent. */
export function reference(name: string): fc.Arbitrary<string> {
  const values = VALUES[name];
  if (values !== undefined) return fc.constantFrom(...values).map(encodeURIComponent);
  const prefix = PREFIXES[name.replace(/Id$/, "")];
  return fc.nat(50).map((number) => (prefix === undefined ? `@${number}` : `@${number}.${prefix}`));
}

/** Values of a field: where its name says what it refers to, often such a thing. */
export function namedValueOf(
  name: string,
  schema: Schema,
  schemas: Record<string, Schema>,
  depth = 0,
): fc.Arbitrary<unknown> {
  const value = valueOf(schema, schemas, depth);
  const values = VALUES[name];
  if (values !== undefined && schema.type === "string")
    return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: value });
  if (PREFIXES[name.replace(/Id$/, "")] === undefined || schema.$ref !== undefined) return value;
  const own =
    schema.type === "array" ? fc.array(reference(name), { minLength: 1, maxLength: MAX_LIST }) : reference(name);
  return fc.oneof({ weight: 4, arbitrary: own }, { weight: 1, arbitrary: value });
}

/** Values that a schema describes, most of the time. Those that it names by words alone are guessed. */
export function valueOf(schema: Schema, schemas: Record<string, Schema>, depth = 0): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const target = schemas[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)] ?? {};
    return depth >= MAX_DEPTH ? fc.constant(null) : valueOf(target, schemas, depth + 1);
  }
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => valueOf(choice, schemas, depth)));
  if (schema.allOf !== undefined) {
    return fc
      .tuple(...schema.allOf.map((part) => valueOf(part, schemas, depth)))
      .map((parts) => Object.assign({}, ...parts) as object);
  }
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return anyJson;
  return fc.oneof(...types.map((type) => valueOfType(type, schema, schemas, depth)));
}

function valueOfType(
  type: string,
  schema: Schema,
  schemas: Record<string, Schema>,
  depth: number,
): fc.Arbitrary<unknown> {
  switch (type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
    case "number":
      return numberOf(type, schema);
    case "string":
      return textOf(schema);
    case "array": {
      const minLength = Math.min(schema.minItems ?? 0, MAX_LIST);
      const maxLength = Math.max(minLength, Math.min(schema.maxItems ?? MAX_LIST, MAX_LIST));
      if (depth >= MAX_DEPTH) return fc.constant([]);
      return fc.array(valueOf(schema.items ?? {}, schemas, depth + 1), { minLength, maxLength });
    }
    case "object":
      return objectOf(schema, schemas, depth);
    default:
      return anyJson;
  }
}

function numberOf(type: "integer" | "number", schema: Schema): fc.Arbitrary<number> {
  const min = Math.max(schema.minimum ?? schema.exclusiveMinimum ?? -1_000, -Number.MAX_SAFE_INTEGER);
  const max = Math.max(min, Math.min(schema.maximum ?? 1_000_000, Number.MAX_SAFE_INTEGER));
  const whole = fc.oneof(
    fc.constantFrom(Math.ceil(min), Math.floor(max)),
    fc.integer({ min: Math.ceil(min), max: Math.floor(max) }),
  );
  return type === "integer" ? whole : fc.oneof(whole, fc.double({ min, max, noNaN: true }));
}

function textOf(schema: Schema): fc.Arbitrary<string> {
  if (schema.format === "date") return fc.constantFrom("2026-01-31", "1970-01-01", "2024-02-29", "9999-12-31");
  // Never an address of the world outside: what is made here may be asked for.
  if (schema.format === "uri") return fc.constantFrom("http://127.0.0.1:9/", "http://localhost:9/x");
  const { minLength = 0, maxLength } = schema;
  return text.map((value) => (value.length < minLength ? value.padEnd(minLength, "x") : value.slice(0, maxLength)));
}

function objectOf(schema: Schema, schemas: Record<string, Schema>, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0)
    return depth >= MAX_DEPTH ? fc.constant({}) : fc.dictionary(fc.string(), anyJson, { maxKeys: 3 });
  const required = schema.required ?? [];
  const kept = properties.filter(([name]) => depth < MAX_DEPTH || required.includes(name));
  return fc.record(
    Object.fromEntries(kept.map(([name, field]) => [name, namedValueOf(name, field, schemas, depth + 1)])),
    {
      requiredKeys: required.filter((name) => kept.some(([key]) => key === name)),
    },
  );
}
