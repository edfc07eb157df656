import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { argv, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { SETTINGS_KEYS } from "@bureau/engine";
import {
  type Access,
  API_ACCESS,
  api,
  type Endpoint,
  ERROR_CODES,
  EVENT_TYPES,
  LiveDelta,
  scopeOf,
} from "@bureau/protocol";
import { openApiDocument, SETTINGS } from "@bureau/server";
import { cliPage } from "./docs-cli.ts";

/** Writes docs/reference from what the program declares. With `--check` it only says what is out of date. */

const FOLDER = new URL("../docs/reference/", import.meta.url);
const NOTE = "<!-- Written by `npm run docs`; edit what it is made from. -->";

const ACCESS_WORDS: Record<Access, string> = {
  anyone: "everyone",
  guest: "everybody of the workspace, for what is theirs",
  self: "the owner, and others for themselves",
  goal: "members, and guests who were invited to the goal",
  thread: "members, and guests who were invited to the thread or its goal",
  entry: "members, and guests who have the entry to decide",
  member: "members",
  owner: "the owner",
};

type Plain = string | number | boolean | null;

type Schema = {
  $ref?: string;
  type?: string | string[];
  enum?: Plain[];
  const?: Plain;
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  default?: Plain | Plain[];
};

interface Operation {
  parameters: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: Schema }> }>;
}

const document = openApiDocument("0") as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

const pages = { "api.md": apiPage(), "events.md": eventsPage(), "config.md": configPage(), "cli.md": cliPage(NOTE) };
const stale: string[] = [];
for (const [name, text] of Object.entries(pages)) {
  const path = fileURLToPath(new URL(name, FOLDER));
  const current = await readFile(path, "utf8").catch(() => "");
  if (current === text) continue;
  stale.push(name);
  if (argv.includes("--check")) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
if (!argv.includes("--check"))
  stdout.write(stale.length === 0 ? "The reference is up to date.\n" : `Wrote ${stale.join(", ")}.\n`);
else if (stale.length > 0) {
  stderr.write(`Out of date in docs/reference: ${stale.join(", ")}. Run \`npm run docs\`.\n`);
  process.exitCode = 1;
}

function apiPage(): string {
  const groups = Map.groupBy(Object.entries<Endpoint>(api), ([, endpoint]) => endpoint.group);
  const sections = [...groups].map(
    ([group, entries]) =>
      `## ${group}\n\n${entries.map(([name, endpoint]) => endpointText(name, endpoint)).join("\n")}`,
  );
  const errors = Object.entries(ERROR_CODES).map(([code, { status, exit }]) => `| \`${code}\` | ${status} | ${exit} |`);
  const schemas = Object.entries(document.components.schemas)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, schema]) => schemaText(name, schema));
  return `${NOTE}

# API

Each request carries \`Authorization: Bearer TOKEN\`, the owner's or a device's, or the session cookie that
\`POST /api/session\` sets. With a cookie, writes also carry \`Origin\` and the header \`x-bureau-csrf\` with what
\`GET /api/session\` gives. A device may call what its scope allows: \`read\`, \`inbox\`, which includes it, or \`full\`; and
what its person may, by their role: each endpoint names the least one. Too many
requests are answered by 429 with \`Retry-After\`. Bodies and
replies are JSON; a body is at most 1 MB. Lists take \`limit\` and \`cursor\` and reply with \`nextCursor\`, which is null at
the end. A list of values in a query has commas between them. Money is millionths of a US dollar. Times are ISO 8601 in
UTC. The same description for programs is at \`/api/openapi.json\`.

\`/healthz\` says that the process is up and \`/readyz\` that it can work; they take no token. \`/metrics\` counts for
Prometheus and needs the scope \`read\`.

## Errors

\`{ "error": { "code", "message", "hint", "requestId", "issues" } }\`. Codes, with the exit code of the command line:

| code | status | exit |
| --- | --- | --- |
${errors.join("\n")}

${sections.join("\n")}
## Shapes

${schemas.join("\n")}`;
}

function endpointText(name: string, endpoint: Endpoint): string {
  const operation = document.paths[endpoint.path.replace(/:([A-Za-z]+)/g, "{$1}")]?.[endpoint.method.toLowerCase()];
  if (operation === undefined) throw new Error(`${name} is missing from the OpenAPI document.`);
  const query = operation.parameters.filter((parameter) => parameter.in === "query");
  const body = operation.requestBody?.content["application/json"]?.schema;
  const reply = Object.values(operation.responses["200"]?.content ?? {})[0]?.schema;
  const lines = [
    `### ${endpoint.method} ${endpoint.path}`,
    "",
    `${endpoint.summary}. Operation \`${name}\`.${endpoint.open ? " Takes no token." : ` Scope \`${scopeOf(endpoint)}\`; ${ACCESS_WORDS[API_ACCESS[name as keyof typeof API_ACCESS]]}.`}`,
    "",
    ...query.map(({ name: key, schema }) => `- query \`${key}\`: ${typeText(schema)}${defaultText(schema)}`),
    ...(body === undefined ? [] : [`- body: ${typeText(body)}`]),
    `- reply: ${endpoint.reply === "empty" ? "nothing" : endpoint.reply === "events" ? "server-sent events" : endpoint.reply === "bytes" ? "the file's bytes" : typeText(reply ?? {})}`,
    ...(endpoint.errors === undefined ? [] : [`- errors: ${endpoint.errors.map((code) => `\`${code}\``).join(", ")}`]),
    "",
  ];
  return lines.join("\n");
}

function schemaText(name: string, schema: Schema): string {
  if (schema.properties === undefined) return `### ${name}\n\n${typeText(schema)}\n`;
  const rows = Object.entries(schema.properties).map(([key, field]) => {
    const isOptional = schema.required?.includes(key) !== true;
    return `- \`${key}\`${isOptional ? " (optional)" : ""}: ${typeText(field)}${defaultText(field)}`;
  });
  return `### ${name}\n\n${rows.join("\n")}\n`;
}

function typeText(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  const parts = schema.anyOf ?? schema.oneOf;
  if (parts !== undefined) return [...new Set(parts.map(typeText))].join(" or ");
  if (schema.type === "array") return `list of ${typeText(schema.items ?? {})}`;
  if (schema.type === "object" && schema.properties !== undefined) {
    const fields = Object.entries(schema.properties).map(([key, field]) => `${key}: ${typeText(field)}`);
    return `{ ${fields.join("; ")} }`;
  }
  return schema.type === undefined ? "any JSON" : [schema.type].flat().join(" or ");
}

function defaultText(schema: Schema): string {
  return schema.default === undefined ? "" : `; default \`${[schema.default].flat().join(",")}\``;
}

function eventsPage(): string {
  const groups = Map.groupBy(EVENT_TYPES, (type) => type.slice(0, type.indexOf(".")));
  const rows = [...groups].map(([noun, types]) => `| ${noun} | ${types.map((type) => `\`${type}\``).join(", ")} |`);
  const deltas = LiveDelta.shape.type.options.map((type) => `\`${type}\``).join(" and ");
  return `${NOTE}

# Events

\`GET /api/events?after=SEQ\` sends all stored events after a sequence number, then live ones, as server-sent events. The
id of each is its sequence number, so a reader that comes back sends the last one (as \`after\`, or as the header
\`Last-Event-ID\`) and misses nothing. Without a number only what is to come is sent. \`run\`, \`thread\` and \`goal\` keep it to
one of each. A heartbeat comes every 15 seconds; its id may be newer than the last event, when events were left out.

An event is \`{ seq, type, at, threadId, runId, goalId, data }\`. \`data\` has the thing as it is after the change, under its
name: \`agent\`, \`goal\`, \`evidence\`, \`task\`, \`thread\`, \`item\`, \`run\`, \`step\`, \`toolCall\`, or \`entry\` for the inbox. The shapes
are in [api.md](api.md#shapes).

| about | types |
| --- | --- |
${rows.join("\n")}

Live only, as \`event: delta\` without an id, and never stored: ${deltas}, each with \`runId\`, \`stepId\`, \`kind\` and \`text\`. A
finished item is the whole truth; deltas missed while away are not sent again.
`;
}

function configPage(): string {
  const cell = (value: string | null) => (value === null ? "" : `\`${value}\``);
  const rows = SETTINGS.map(
    ({ key, variable, flag, fallback, about }) =>
      `| ${cell(key)} | ${cell(variable)} | ${cell(flag)} | ${fallback} | ${about} |`,
  );
  const keys = Object.entries(SETTINGS_KEYS).map(([key, about]) => `| \`${key}\` | ${about} |`);
  return `${NOTE}

# Settings

A setting may stand in \`bureau.yaml\`, in the environment and in a flag; the later one wins.

| bureau.yaml | environment | flag | without it | what it is |
| --- | --- | --- | --- | --- |
${rows.join("\n")}

When no model and no provider is set, a model server on this machine is looked for: Ollama on port 11434, LM Studio on
1234, llama.cpp on 8080.

## bureau.yaml

| key | what it is |
| --- | --- |
${keys.join("\n")}
`;
}
