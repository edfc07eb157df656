import fc from "fast-check";
import { anyJson, namedValueOf, NASTY_TEXT, reference, type Schema, valueOf } from "./random-values.ts";

/** An OpenAPI document, as far as requests are made from it. */
export interface ApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

interface Operation {
  operationId: string;
  parameters: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, unknown>;
}

/** What is sent, before ids that are known by then are put in place of `@1`, `@2`. */
export interface RandomRequest {
  method: string;
  path: string;
  headers: [string, string][];
  body: string | null;
  /** Statuses that the document has for it; null when the request is to no declared operation any more. */
  declared: string[] | null;
}

type Change = "none" | "value" | "field" | "body" | "method" | "path" | "query" | "header" | "token";

/** Requests to every operation of a document alike: as declared, or with one thing wrong in them. */
export function randomRequests(document: ApiDocument): fc.Arbitrary<RandomRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => requestOf(document, path, method.toUpperCase(), operation)),
  );
  return fc.oneof(...operations);
}

function requestOf(document: ApiDocument, path: string, method: string, operation: Operation) {
  const { schemas } = document.components;
  const queries = operation.parameters.filter((parameter) => parameter.in === "query");
  const schema = operation.requestBody?.content["application/json"]?.schema;
  const change = fc.oneof(
    { weight: 5, arbitrary: fc.constant<Change>("none") },
    {
      weight: 8,
      arbitrary: fc.constantFrom<Change>("value", "field", "body", "method", "path", "query", "header", "token"),
    },
  );
  const parts = fc.record({
    change,
    segments: fc.record(
      Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => [name, segmentOf(name)])),
    ),
    query: fc.record(
      Object.fromEntries(
        queries.map(({ name, schema: field }) => [name, namedValueOf(name, field, schemas).map(queryText)]),
      ),
      { requiredKeys: [] },
    ),
    body: schema === undefined ? fc.constant(undefined) : valueOf(schema, schemas),
    odd: fc.record({
      value: anyJson,
      place: fc.nat(50),
      field: fc.oneof(fc.constantFrom("__proto__", "constructor", "toString", "id", ""), fc.string()),
      body: oddBody,
      method: fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE", "PROPFIND"),
      path: oddPath,
      query: oddQuery,
      header: oddHeader,
      token: fc.constantFrom("none", "wrong", "read", "inbox", "cookie", "basic"),
    }),
  });
  return parts.map(({ change: what, segments, query, body, odd }): RandomRequest => {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => segments[name] ?? "x");
    const search = new URLSearchParams(query as Record<string, string>).toString();
    const changed = what === "value" ? replaceAt(body, odd.place, odd.value) : body;
    const value = what === "field" ? { ...(changed as object), [odd.field]: odd.value } : changed;
    const text = what === "body" ? odd.body : value === undefined ? null : JSON.stringify(value);
    const address = what === "path" ? odd.path(filled) : filled;
    const questions = what === "query" ? [search, odd.query].filter((each) => each !== "").join("&") : search;
    return {
      method: what === "method" ? odd.method : method,
      path: questions === "" ? address : `${address}?${questions}`,
      headers: [
        ["Content-Type", "application/json"],
        ["Authorization", what === "token" ? `@${odd.token}` : "@owner"],
        ...(what === "header" ? [odd.header] : []),
      ],
      body: text,
      declared: what === "method" || what === "path" ? null : Object.keys(operation.responses),
    };
  });
}

function segmentOf(name: string): fc.Arbitrary<string> {
  return fc.oneof({ weight: 8, arbitrary: reference(name) }, { weight: 1, arbitrary: oddSegment });
}

const oddSegment = fc.oneof(
  { weight: 1, arbitrary: fc.nat(500).map((number) => `@${number}`) },
  { weight: 1, arbitrary: fc.string().map(encodeURIComponent) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...NASTY_TEXT).map((text) => encodeURIComponent(text.toWellFormed()).slice(0, 2_000)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("%", "%zz", "%00", "%ff", "%c0%ae", "%2e%2e", "..", "%2f", "a;b", "*", "writer"),
  },
);

const oddPath = fc.constantFrom(
  (path: string) => `${path}/`,
  (path: string) => `/${path}`,
  (path: string) => path.toUpperCase(),
  (path: string) => `${path}/..`,
  (path: string) => `${path}/%2e%2e/%2e%2e/etc/passwd`,
  (path: string) => `${path}%`,
  (path: string) => `${path}%E0%A4%A`,
  (path: string) => `${path}%00.json`,
  (path: string) => path.replace("/api/", "/api//"),
  (path: string) => path.replace("/api/", "/api/./"),
  (path: string) => path.replace("/api/", "/%61pi/"),
  (path: string) => path.replaceAll("/", "\\"),
  (path: string) => `${path}/${"x".repeat(9_000)}`,
  (path: string) => `http://localhost:1${path}`,
  (path: string) => `${path}é日`,
  (path: string) => `${path}#fragment`,
  () => "*",
  () => "/metrics",
  () => "/.bureau/token",
  () => "/%2ebureau/token",
);

const oddQuery = fc.oneof(
  fc.constantFrom(
    "limit=1&limit=2",
    "limit=99999999999999999999",
    "limit=-1",
    "limit=1e3",
    "limit[]=1",
    "cursor=%",
    "cursor=%00",
    "cursor=%ff%fe",
    "cursor=W10",
    "cursor=WzEsMl0",
    "cursor=bnVsbA",
    "after=9007199254740993",
    "after=99999999999",
    "status=,,,",
    "__proto__=1",
    "since=0000-00-00",
    "since=2026-02-31",
    "until=9999-12-31",
    "&&&=&=",
  ),
  fc
    .tuple(fc.constantFrom("limit", "cursor", "status", "after", "goal", "by", "x"), fc.string())
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`),
);

const oddBody = fc.oneof(
  fc.constantFrom(
    "",
    "null",
    "[]",
    "0",
    '"text"',
    "{",
    "{}x",
    "\ufeff{}",
    '{"a":1,"a":2}',
    '{"text":1e400}',
    '{"__proto__":{"text":"x"}}',
    '{"text":"\\ud800"}',
    '{"text":"a\\u0000b"}',
    "[".repeat(50_000),
    `${'{"a":'.repeat(500)}1${"}".repeat(500)}`,
    `{"text":"${"x".repeat(300_000)}"}`,
    "x".repeat(1_100_000),
    "NaN",
    "'text'",
  ),
  fc.json({ maxDepth: 6 }),
  fc.string(),
);

const oddHeader = fc.constantFrom<[string, string][]>(
  ["Content-Type", "text/plain"],
  ["Content-Type", "application/json; charset=utf-16"],
  ["Content-Encoding", "gzip"],
  ["Content-Encoding", "identity"],
  ["Accept", "image/png"],
  ["Accept-Encoding", "*;q=0"],
  ["Expect", "100-continue"],
  ["Expect", "the-unexpected"],
  ["Origin", "null"],
  ["Origin", "http://evil.example"],
  ["Origin", "http://["],
  ["Cookie", "bureau_000000000000=x; =; a; __Host-b=%"],
  ["Last-Event-ID", "99999999999999999999"],
  ["Last-Event-ID", "-1"],
  ["Last-Event-ID", "x"],
  ["Range", "bytes=0-1"],
  ["If-None-Match", "*"],
  ["X-Forwarded-For", "1.2.3.4, x, ::1"],
  ["X-Forwarded-Proto", "https"],
  ["X-HTTP-Method-Override", "DELETE"],
  ["X-Bureau-Csrf", "x"],
  ["Upgrade", "websocket"],
  ["Upgrade", "h2c"],
  ["Content-Length", "1"],
  ["Transfer-Encoding", "gzip"],
  ["X-Long", "x".repeat(20_000)],
  ["X-Raw", "\x80\xff"],
);

function queryText(value: unknown): string {
  if (Array.isArray(value)) return value.map(queryText).join(",");
  return typeof value === "string" ? value.toWellFormed() : (JSON.stringify(value) ?? "");
}

/** The value with another one somewhere in it. */
function replaceAt(value: unknown, place: number, other: unknown): unknown {
  if (typeof value !== "object" || value === null) return other;
  const keys = Object.keys(value);
  const key = keys[place % Math.max(1, keys.length)];
  if (key === undefined || place % 7 === 0) return other;
  const inner = replaceAt((value as Record<string, unknown>)[key], Math.floor(place / 2), other);
  if (Array.isArray(value)) return value.map((entry, index) => (String(index) === key ? inner : (entry as unknown)));
  return { ...value, [key]: inner };
}
