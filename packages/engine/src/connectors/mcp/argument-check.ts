import { z } from "zod";

const MAX_NODES = 2_000;
const MAX_DEPTH = 30;
/** What of a schema is checked here: the shape. Lengths, patterns and formats are the server's to judge. */
const KEPT_AS_IT_IS: ReadonlySet<string> = new Set(["type", "enum", "const", "required", "$ref"]);
const LISTS: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf", "prefixItems"]);
const MAPS: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);

type Schema = Record<string, unknown>;

/**
 * Checks the shape of a call's arguments by the server's schema: that nothing needed is missing, and types.
 *
 * Null passes for what is not required, and unknown names pass: a server judges those itself. Patterns are not run:
 * they are the server's, and could take for ever. A schema that cannot be understood leaves only the check that what
 * it requires is there.
 */
export function argumentCheck(schema: Schema): z.ZodType {
  try {
    const simple = simplify(schema);
    const check = z.fromJSONSchema({ ...simple, type: "object" } as Parameters<typeof z.fromJSONSchema>[0]);
    // A reference is only followed when something is checked.
    check.safeParse({});
    return withRequired(check, schema);
  } catch {
    return withRequired(z.looseObject({}), schema);
  }
}

/** What is required is required also where its schema says nothing of it. */
function withRequired(check: z.ZodType, schema: Schema): z.ZodType {
  const required = namesOf(schema["required"]);
  return check.superRefine((args, context) => {
    for (const name of required.filter((each) => !Object.hasOwn(args as object, each)))
      context.addIssue({ code: "custom", path: [name], message: "Invalid input: it is required" });
  });
}

function simplify(root: Schema): Schema {
  let nodes = 0;
  const visit = (value: unknown, depth: number): Schema => {
    nodes += 1;
    if (nodes > MAX_NODES || depth > MAX_DEPTH) throw new RangeError("The schema is too large.");
    if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
    const schema = value as Schema;
    const kept: Schema = {};
    for (const [key, part] of Object.entries(schema)) {
      if (KEPT_AS_IT_IS.has(key)) kept[key] = part;
      else if (key === "items" && !Array.isArray(part)) kept[key] = visit(part, depth + 1);
      // Of several, one that fits is enough for the shape.
      else if (LISTS.has(key) && Array.isArray(part))
        kept[key === "oneOf" ? "anyOf" : key] = part.map((each) => visit(each, depth + 1));
      else if (MAPS.has(key)) kept[key] = visitEach(part, depth, key === "properties" ? schema : null);
    }
    if (kept["properties"] !== undefined && kept["type"] === undefined) kept["type"] = "object";
    return kept;
  };
  const visitEach = (value: unknown, depth: number, owner: Schema | null): Schema => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
    const required = new Set(namesOf(owner?.["required"]));
    const entries = Object.entries(value).map(([name, part]): [string, Schema] => {
      const simple = visit(part, depth + 1);
      return [name, owner === null || required.has(name) ? simple : { anyOf: [simple, { type: "null" }] }];
    });
    return Object.fromEntries(entries);
  };
  return visit(root, 0);
}

function namesOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
