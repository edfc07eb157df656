import type { Check, CheckKind } from "@bureau/protocol";
import { parseDuration } from "../domain/duration.ts";
import { type FieldPath, type FieldReader, scalarText } from "./goal-file-fields.ts";

export const MAX_CHECKS = 50;
const MAX_PATTERN_LENGTH = 1000;

type Values = Record<string, unknown>;

/** Reads the list of checks; one check without a list is a list of one. */
export function readChecks(value: unknown, reader: FieldReader): Check[] {
  if (value === null || value === undefined) return [];
  const entries = Array.isArray(value) ? value : [value];
  if (entries.length > MAX_CHECKS) reader.fail(["checks"], `has more than ${MAX_CHECKS} entries`);
  return entries.map((entry, index) => readCheck(entry, Array.isArray(value) ? ["checks", index] : ["checks"], reader));
}

const READERS: Record<CheckKind, (entry: Values, path: FieldPath, reader: FieldReader) => Check> = {
  command: readCommand,
  file: readFile,
  http: readHttp,
  query: (entry, path, reader) => ({ query: sentence(entry, "query", path, reader) }),
  judge: (entry, path, reader) => ({ judge: sentence(entry, "judge", path, reader) }),
  person: (entry, path, reader) => ({ person: sentence(entry, "person", path, reader) }),
};

const KINDS = Object.keys(READERS) as CheckKind[];

function readCheck(value: unknown, path: FieldPath, reader: FieldReader): Check {
  if (!isMap(value)) {
    return reader.fail(path, `must say its kind: ${KINDS.join(", ")}`, "Write it as command: test -s report.md");
  }
  const kinds = KINDS.filter((kind) => value[kind] !== undefined && value[kind] !== null);
  const kind = kinds[0];
  if (kind === undefined) return reader.fail(path, `has none of the keys ${KINDS.join(", ")}`);
  if (kinds.length > 1) reader.fail(path, `has ${kinds.join(" and ")} in one entry; give each its own`);
  warnUnknown(value, kind === "command" ? ["command", "timeout"] : [kind], path, reader);
  return READERS[kind](value, path, reader);
}

function readCommand(entry: Values, path: FieldPath, reader: FieldReader): Check {
  const inner = isMap(entry["command"]) ? entry["command"] : null;
  if (inner !== null) warnUnknown(inner, ["run", "timeout"], [...path, "command"], reader);
  const command = scalarText(inner === null ? entry["command"] : inner["run"]);
  if (command === null || command === "") return reader.fail([...path, "command"], "must be a command line");
  const timeout = inner?.["timeout"] ?? entry["timeout"];
  if (timeout === undefined || timeout === null) return { command };
  const text = scalarText(timeout);
  if (text === null || parseDuration(text) === null) {
    return reader.fail(
      [...path, "timeout"],
      `cannot be ${JSON.stringify(timeout)}`,
      "Write a duration with its unit, such as 90s or 5m.",
    );
  }
  return { command, timeout: text };
}

function readFile(entry: Values, path: FieldPath, reader: FieldReader): Check {
  const at = [...path, "file"];
  const value = isMap(entry["file"]) ? entry["file"] : { path: entry["file"] };
  warnUnknown(value, ["path", "exists", "contains", "matches", "schema"], at, reader);
  const file = scalarText(value["path"]);
  if (file === null || file === "") return reader.fail(at, "must have a path");
  const check: Extract<Check, { file: unknown }> = { file: { path: file } };
  const { exists, contains, matches, schema } = value;
  if (exists !== undefined && exists !== null) {
    if (typeof exists !== "boolean") return reader.fail([...at, "exists"], "must be true or false");
    check.file.exists = exists;
  }
  if (contains !== undefined && contains !== null)
    check.file.contains = readContains(contains, [...at, "contains"], reader);
  if (matches !== undefined && matches !== null) check.file.matches = readPattern(matches, [...at, "matches"], reader);
  if (schema !== undefined && schema !== null) {
    if (!isMap(schema) && typeof schema !== "boolean") return reader.fail([...at, "schema"], "must be a JSON schema");
    check.file.schema = schema;
  }
  return check;
}

function readHttp(entry: Values, path: FieldPath, reader: FieldReader): Check {
  const at = [...path, "http"];
  const value = isMap(entry["http"]) ? entry["http"] : { url: entry["http"] };
  warnUnknown(value, ["url", "status", "contains"], at, reader);
  const url = scalarText(value["url"]) ?? "";
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    return reader.fail([...at, "url"], `must be an http or https address, not ${JSON.stringify(value["url"])}`);
  }
  const check: Extract<Check, { http: unknown }> = { http: { url } };
  const { status, contains } = value;
  if (status !== undefined && status !== null) {
    if (typeof status !== "number" || !Number.isInteger(status) || status < 100 || status > 599) {
      return reader.fail(
        [...at, "status"],
        `cannot be ${JSON.stringify(status)}`,
        "Write an HTTP status, such as 200.",
      );
    }
    check.http.status = status;
  }
  if (contains !== undefined && contains !== null) {
    const text = typeof contains === "string" ? contains : scalarText(contains);
    if (text === null) return reader.fail([...at, "contains"], "must be text");
    check.http.contains = text;
  }
  return check;
}

function readContains(value: unknown, path: FieldPath, reader: FieldReader): string | string[] {
  const one = (entry: unknown) => (typeof entry === "string" ? entry : scalarText(entry));
  if (!Array.isArray(value)) return one(value) ?? reader.fail(path, "must be text or a list of texts");
  return value.map((entry) => one(entry) ?? reader.fail(path, "must be text or a list of texts"));
}

function readPattern(value: unknown, path: FieldPath, reader: FieldReader): string {
  if (typeof value !== "string" || value.length > MAX_PATTERN_LENGTH) {
    return reader.fail(path, `must be a regular expression of at most ${MAX_PATTERN_LENGTH} characters`);
  }
  try {
    new RegExp(value, "mu");
  } catch (error) {
    return reader.fail(path, `is no regular expression: ${error instanceof Error ? error.message : String(error)}`);
  }
  return value;
}

function sentence(entry: Values, kind: CheckKind, path: FieldPath, reader: FieldReader): string {
  const text = scalarText(entry[kind]);
  return text === null || text === ""
    ? reader.fail([...path, kind], "must be text", "Put a text with a colon in quotes.")
    : text;
}

function warnUnknown(value: Values, known: readonly string[], path: FieldPath, reader: FieldReader): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) reader.warn([...path, key], "is not known and has no effect");
  }
}

function isMap(value: unknown): value is Values {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
