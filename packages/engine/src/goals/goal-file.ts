import { AppError, type Effort, EFFORTS, type GoalSpec } from "@bureau/protocol";
import { type Document, isMap, LineCounter, parseDocument } from "yaml";
import { readBudget, writeBudget } from "./goal-file-budget.ts";
import { readChecks } from "./goal-file-checks.ts";
import { type FieldReader, fieldReader, scalarText } from "./goal-file-fields.ts";

export const MAX_GOAL_FILE_BYTES = 256 * 1024;
const MAX_ALIASES = 20;
const MAX_CONSTRAINTS = 50;
const MAX_TITLE_LENGTH = 120;
const KNOWN_KEYS = new Set(["agent", "done", "checks", "constraints", "budget", "cadence", "on", "effort"]);
const HEADING = /^ {0,3}#{1,6}[ \t]+(.+)$/;

export interface GoalFile {
  spec: GoalSpec;
  /** Name of the agent; null means the agent whose folder holds the file. */
  agent: string | null;
  /** What was read but not understood; the goal works without it. */
  warnings: string[];
}

/** Parts of a goal to write; an absent one stays as it is, null or empty removes it. */
export type GoalFilePatch = Partial<GoalSpec> & { agent?: string | null };

/**
 * Reads a goal file. Lenient: unknown keys warn. Throws `invalid`, naming line and key, for a value that can mean
 * nothing.
 */
export function parseGoalFile(text: string, { name }: { name: string }): GoalFile {
  const parts = splitGoalFile(text, name);
  const { document, lines } = readDocument(parts.frontMatter ?? "", name);
  const values = documentValues(document, name);
  const reader = fieldReader({ name, document, lines, firstLine: 2 });
  for (const key of Object.keys(values)) {
    if (!KNOWN_KEYS.has(key)) reader.warn([key], "is not a key of a goal and has no effect");
  }
  const { title, brief } = readBody(parts.body);
  const done = reader.text(values, "done");
  const spec: GoalSpec = {
    title: title ?? firstSentence(done ?? "") ?? titleFromName(name),
    brief,
    done,
    checks: readChecks(values["checks"], reader),
    constraints: readConstraints(values["constraints"], reader),
    budget: readBudget(values["budget"], reader),
    cadence: reader.text(values, "cadence"),
    on: reader.text(values, "on"),
    effort: readEffort(values["effort"], reader),
  };
  const agent = reader.text(values, "agent");
  assertStorable({ spec, agent }, name);
  return { spec, agent, warnings: reader.warnings };
}

/**
 * Writes a goal file, new or changed. An existing file keeps its comments, unknown keys, order and the values that
 * the patch does not change. Throws `invalid` when the existing text cannot be read.
 */
export function writeGoalFile(existing: string | null, patch: GoalFilePatch): string {
  const crlf = existing?.includes("\r\n") === true;
  const parts = splitGoalFile(existing ?? "", "goal");
  const { document } = readDocument(parts.frontMatter ?? "", "goal");
  documentValues(document, "goal");
  if (!isMap(document.contents)) document.contents = document.createNode({});
  const now = existing === null ? null : parseGoalFile(existing, { name: "goal" });
  const set = (key: string, before: unknown, after: unknown, value: unknown) => {
    if (after === undefined || (now !== null && same(before, after))) return;
    if (value === null || isEmpty(value)) document.delete(key);
    else document.set(key, document.createNode(value));
  };
  set("agent", now?.agent, patch.agent, patch.agent ?? null);
  set("done", now?.spec.done, patch.done, patch.done ?? null);
  set("checks", now?.spec.checks, patch.checks, patch.checks ?? null);
  set("constraints", now?.spec.constraints, patch.constraints, patch.constraints ?? null);
  if (patch.budget !== undefined) writeBudget(document, now?.spec.budget ?? {}, patch.budget);
  set("cadence", now?.spec.cadence, patch.cadence, patch.cadence ?? null);
  set("on", now?.spec.on, patch.on, patch.on ?? null);
  set("effort", now?.spec.effort, patch.effort, patch.effort ?? null);

  const body = writeBody(parts.body, now?.spec ?? null, patch);
  const written = `${frontMatterText(document)}${body}`;
  return crlf ? written.replace(/\r?\n/g, "\r\n") : written;
}

/** A goal with a cadence or an event stays; any other ends when its checks pass. */
export function goalKind(spec: Pick<GoalSpec, "cadence" | "on">): "finish" | "standing" {
  return spec.cadence === null && spec.on === null ? "finish" : "standing";
}

interface FileParts {
  /** Null when the file has none. */
  frontMatter: string | null;
  body: string;
}

function splitGoalFile(text: string, name: string): FileParts {
  if (Buffer.byteLength(text) > MAX_GOAL_FILE_BYTES) {
    throw new AppError("too_large", `The goal file ${name} is larger than 256 kB.`, {
      hint: "Keep the brief short and put material in files beside it.",
    });
  }
  const source = text.replace(/^\uFEFF/, "");
  const opening = /^---[ \t]*\r?\n/.exec(source);
  if (opening === null) return { frontMatter: null, body: source };
  const closing = /^(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/m;
  const rest = source.slice(opening[0].length);
  const end = closing.exec(rest);
  if (end === null) {
    throw new AppError("invalid", `${name}: the front matter that begins on line 1 has no closing ---.`, {
      hint: "Put a line of three dashes after the last key.",
    });
  }
  return { frontMatter: rest.slice(0, end.index), body: rest.slice(end.index + end[0].length) };
}

function readDocument(source: string, name: string): { document: Document; lines: LineCounter } {
  const lines = new LineCounter();
  const document: Document = parseDocument(source, {
    lineCounter: lines,
    prettyErrors: false,
    version: "1.2",
    logLevel: "silent",
  });
  const error = document.errors[0];
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line + 1;
    throw new AppError("invalid", `${name}, line ${line}: the front matter is not readable: ${error.message}.`, {
      hint: "A text with a colon or a # in it must stand in quotes.",
      cause: error,
    });
  }
  return { document, lines };
}

function documentValues(document: Document, name: string): Record<string, unknown> {
  let values: unknown;
  try {
    values = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new AppError("invalid", `${name}: the front matter refers to itself too often.`, {
      hint: "Write the values out instead of using & and *.",
      cause: error,
    });
  }
  if (values === null || values === undefined) return {};
  if (typeof values !== "object" || Array.isArray(values)) {
    throw new AppError("invalid", `${name}, line 2: the front matter must be keys with values, such as done: …`);
  }
  return values as Record<string, unknown>;
}

function readConstraints(value: unknown, reader: FieldReader): string[] {
  if (value === null || value === undefined) return [];
  const entries = Array.isArray(value) ? value : [value];
  if (entries.length > MAX_CONSTRAINTS) reader.fail(["constraints"], `has more than ${MAX_CONSTRAINTS} entries`);
  return entries.map((entry, index) => {
    const text = scalarText(entry) ?? textWithColon(entry);
    if (text === null || text === "") return reader.fail(["constraints", index], "must be a sentence");
    return text;
  });
}

/** `- never write: drafts only` is a map to YAML and a sentence to everyone else. */
function textWithColon(value: unknown): string | null {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  const [entry, ...more] = Object.entries(value);
  const text = entry === undefined ? null : scalarText(entry[1]);
  return entry === undefined || text === null || more.length > 0 ? null : `${entry[0]}: ${text}`;
}

function readEffort(value: unknown, reader: FieldReader): Effort | null {
  if (value === null || value === undefined) return null;
  const effort = EFFORTS.find((name) => name === value);
  return effort ?? reader.fail(["effort"], `must be one of ${EFFORTS.join(", ")}, not ${JSON.stringify(value)}`);
}

/** A heading that opens the body is the title and no part of the brief. */
function readBody(source: string): { title: string | null; brief: string } {
  const body = source.replaceAll("\r\n", "\n").trim();
  const end = body.indexOf("\n");
  const opening = HEADING.exec(end < 0 ? body : body.slice(0, end));
  if (opening?.[1] !== undefined) {
    return { title: clipped(opening[1].trim()), brief: end < 0 ? "" : body.slice(end).trim() };
  }
  return { title: firstHeading(body) ?? firstSentence(body), brief: body };
}

function writeBody(source: string, now: GoalSpec | null, patch: GoalFilePatch): string {
  const titleSame = patch.title === undefined || patch.title === now?.title;
  const briefSame = patch.brief === undefined || patch.brief === now?.brief;
  if (now !== null && titleSame && briefSame) return source;
  const brief = (patch.brief ?? now?.brief ?? "").replaceAll("\r\n", "\n").trim();
  const hadHeading = now !== null && HEADING.test(source.trim().split(/\r?\n/, 1)[0] ?? "");
  const title = clipped((patch.title ?? (hadHeading ? now.title : "")).replace(/\s+/g, " ").trim());
  const own = readBody(brief);
  if (title === "" || (own.title === title && own.brief === brief && !hadHeading))
    return brief === "" ? "" : `${brief}\n`;
  return brief === "" ? `# ${title}\n` : `# ${title}\n\n${brief}\n`;
}

function firstHeading(body: string): string | null {
  let fenced = false;
  for (const line of body.split("\n")) {
    if (/^ {0,3}(```|~~~)/.test(line)) fenced = !fenced;
    const heading = fenced ? null : HEADING.exec(line);
    if (heading?.[1] !== undefined) return clipped(heading[1].trim());
  }
  return null;
}

function firstSentence(text: string): string | null {
  const line = text
    .split("\n")
    .find((candidate) => candidate.trim() !== "")
    ?.trim();
  if (line === undefined) return null;
  const sentence = /^.*?[.!?](?=\s|$)/.exec(line)?.[0] ?? line;
  const title = clipped(sentence.replace(/[.\s]+$/, "").replace(/\s+/g, " "));
  return title === "" ? null : title;
}

function titleFromName(name: string): string {
  const words = name
    .replace(/^.*[\\/]/, "")
    .replace(/\.md$/i, "")
    .replace(/[-_\s]+/g, " ")
    .trim();
  return words === "" ? "Goal" : clipped(words.charAt(0).toUpperCase() + words.slice(1));
}

function clipped(text: string): string {
  if (text.length <= MAX_TITLE_LENGTH) return text;
  return `${text
    .slice(0, MAX_TITLE_LENGTH - 1)
    .toWellFormed()
    .replace(/\uFFFD$/, "")
    .trimEnd()}…`;
}

function frontMatterText(document: Document): string {
  if (isEmpty(document.toJS())) {
    const comments = [document.commentBefore, document.comment].filter((comment) => comment);
    return comments.length === 0 ? "" : `---\n${comments.join("\n").replace(/^/gm, "#")}\n---\n`;
  }
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: true });
  return `---\n${text.endsWith("\n") ? text : `${text}\n`}---\n`;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** The database holds no NUL characters, halves of characters or values that contain themselves. */
function assertStorable(value: unknown, name: string): void {
  let json: string;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw new AppError("invalid", `${name}: a value of the front matter contains itself.`, { cause: error });
  }
  if (json.includes("\\u0000") || /\\ud[89a-f]/i.test(json)) {
    throw new AppError("invalid", `${name} holds a character that is no text (NUL or half of a character).`, {
      hint: "Save the file as UTF-8 text.",
    });
  }
}
