/** One argument of a call in a form. */
export interface EditField {
  name: string;
  /** `json`: anything that is no text. */
  type: "text" | "json";
  value: string;
}

const LONG_CHARACTERS = 60;

export function fieldsOf(args: unknown): EditField[] {
  if (typeof args !== "object" || args === null || Array.isArray(args)) return [];
  return Object.entries(args).map(([name, value]) =>
    typeof value === "string"
      ? { name, type: "text", value }
      : { name, type: "json", value: JSON.stringify(value, null, 2) },
  );
}

export function isLong({ type, value }: EditField): boolean {
  return type === "json" ? value.includes("\n") : value.length > LONG_CHARACTERS || value.includes("\n");
}

export type EditedArguments =
  | { ok: true; arguments: Record<string, Json> }
  | { ok: false; problems: Readonly<Record<string, string>> };

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** The arguments that a form holds, or what is wrong with each field. */
export function argumentsFrom(fields: readonly EditField[]): EditedArguments {
  const problems: Record<string, string> = {};
  const args = new Map<string, Json>();
  for (const { name, type, value } of fields) {
    if (type === "text") {
      args.set(name, value);
      continue;
    }
    try {
      args.set(name, JSON.parse(value) as Json);
    } catch {
      problems[name] = 'This is not JSON. Write text in quotes, a list as ["a", "b"], or true, false or a number.';
    }
  }
  if (Object.keys(problems).length > 0) return { ok: false, problems };
  return { ok: true, arguments: Object.fromEntries(args) };
}
