import { type Check, type CheckKind, checkKind } from "@bureau/protocol";

/** A check as it is being written: everything that any kind has, as text. */
export interface CheckForm {
  kind: CheckKind;
  command: string;
  timeout: string;
  path: string;
  isAbsent: boolean;
  contains: string[];
  matches: string;
  /** A JSON schema, as JSON. */
  schema: string;
  url: string;
  status: string;
  answerContains: string;
  query: string;
  judge: string;
  person: string;
}

export const CHECK_KINDS = ["judge", "file", "command", "http", "person", "query"] as const satisfies CheckKind[];

export interface CheckKindWords {
  label: string;
  /** What it does, in one sentence. */
  hint: string;
}

export const CHECK_WORDS: Record<CheckKind, CheckKindWords> = {
  judge: { label: "A judge", hint: "A separate look by a model that sees the result and not the agent's story." },
  file: { label: "A file", hint: "A file must be there, or hold something." },
  command: { label: "A command", hint: "A command must end without a fault." },
  http: { label: "A web address", hint: "An address must answer." },
  person: { label: "A person", hint: "Somebody signs it off." },
  query: { label: "Records", hint: "A question to the records must come out true." },
};

const EMPTY: Omit<CheckForm, "kind"> = {
  command: "",
  timeout: "",
  path: "",
  isAbsent: false,
  contains: [],
  matches: "",
  schema: "",
  url: "",
  status: "",
  answerContains: "",
  query: "",
  judge: "",
  person: "",
};

export function emptyCheck(kind: CheckKind): CheckForm {
  return { ...EMPTY, kind, person: kind === "person" ? "owner" : "" };
}

export function formOfCheck(check: Check): CheckForm {
  const form = { ...EMPTY, kind: checkKind(check) };
  if ("command" in check) return { ...form, command: check.command, timeout: check.timeout ?? "" };
  if ("file" in check) {
    const { path, exists, contains, matches, schema } = check.file;
    return {
      ...form,
      path,
      isAbsent: exists === false,
      contains: contains === undefined ? [] : [contains].flat(),
      matches: matches ?? "",
      schema: schema === undefined ? "" : JSON.stringify(schema, null, 2),
    };
  }
  if ("http" in check) {
    const { url, status, contains } = check.http;
    return { ...form, url, status: status === undefined ? "" : `${status}`, answerContains: contains ?? "" };
  }
  if ("query" in check) return { ...form, query: check.query };
  if ("judge" in check) return { ...form, judge: check.judge };
  return { ...form, person: check.person };
}

/** What is wrong with a check that is being written, by the name of its field. */
export type CheckProblems = Partial<Record<keyof CheckForm, string>>;

export function checkOfForm(form: CheckForm): { check: Check } | { problems: CheckProblems } {
  const read = READERS[form.kind](form);
  return "problems" in read ? read : { check: read };
}

type Read = Check | { problems: CheckProblems };

const READERS: Record<CheckKind, (form: CheckForm) => Read> = {
  command: ({ command, timeout }) => {
    if (command.trim() === "") return missing("command", "Write the command, such as: test -s report.md");
    if (timeout.trim() !== "" && !/^\d+(?:\.\d+)?\s*(?:ms|s|m|min|h)(?:\s*\d+\s*(?:s|m|min))?$/.test(timeout.trim()))
      return missing("timeout", "Write a time with its unit, such as 90s or 5m.");
    return { command: command.trim(), ...(timeout.trim() !== "" && { timeout: timeout.trim() }) };
  },
  file: readFile,
  http: readHttp,
  query: ({ query }) => (query.trim() === "" ? missing("query", "Write what must be true.") : { query: query.trim() }),
  judge: ({ judge }) =>
    judge.trim() === "" ? missing("judge", "Write what the judge looks for.") : { judge: judge.trim() },
  person: ({ person }) =>
    person.trim() === "" ? missing("person", "Write who signs it off, such as: owner") : { person: person.trim() },
};

function readFile(form: CheckForm): Read {
  const path = form.path.trim();
  if (path === "") return missing("path", "Write the file's path, such as: report.md");
  if (form.isAbsent) return { file: { path, exists: false } };
  const file: Extract<Check, { file: unknown }>["file"] = { path };
  const contains = form.contains.filter((text) => text.trim() !== "");
  if (contains.length > 0) file.contains = contains.length === 1 ? contains[0]! : contains;
  if (form.matches !== "") {
    if (!isPattern(form.matches)) return missing("matches", "This is no regular expression.");
    file.matches = form.matches;
  }
  if (form.schema.trim() !== "") {
    const schema = parseJson(form.schema);
    if (schema === undefined) return missing("schema", "This is not JSON.");
    file.schema = schema;
  }
  return { file };
}

function readHttp(form: CheckForm): Read {
  const url = URL.parse(form.url.trim());
  if (url === null || !/^https?:$/.test(url.protocol))
    return missing("url", "Write a whole address, such as: https://example.com/health");
  const status = form.status.trim();
  if (status !== "" && !/^[1-5]\d\d$/.test(status)) return missing("status", "Write a status such as 200.");
  return {
    http: {
      url: form.url.trim(),
      ...(status !== "" && { status: Number(status) }),
      ...(form.answerContains.trim() !== "" && { contains: form.answerContains }),
    },
  };
}

function missing(field: keyof CheckForm, problem: string): Read {
  return { problems: { [field]: problem } };
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "mu") instanceof RegExp;
  } catch {
    return false;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
