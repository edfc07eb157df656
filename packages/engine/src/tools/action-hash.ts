import { createHash } from "node:crypto";

/** Names an action: the same tool with the same arguments, however their keys were ordered, gives the same hash. */
export function actionHash(tool: string, args: unknown): string {
  return createHash("sha256")
    .update(canonicalJson({ arguments: args, tool }))
    .digest("hex");
}

/** JSON with sorted keys and no spaces; keys without a value are left out, as JSON does. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isPlainObject(part) ? sorted(part) : part)) ?? "null";
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Without a prototype, so that a key such as `__proto__` is a key like any other. */
function sorted(value: Record<string, unknown>): Record<string, unknown> {
  const result = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value).sort()) result[key] = value[key];
  return result;
}
