import type { IncomingMessage } from "node:http";
import { type Endpoint, type IncomingFile, pathParams, Reference } from "@bureau/protocol";
import type { z } from "zod";
import type { AppContext } from "./app-parts.ts";
import { invalidInput } from "./errors.ts";
import { readBody, readJson } from "./json-body.ts";
import { RateLimited } from "./token-buckets.ts";

/** Files that are read at once: each is in memory until it is on disk. */
const MAX_FILES_AT_ONCE = 4;
const FILE_WAIT_MS = 1_000;
let filesAtOnce = 0;

export interface RequestInput {
  params: Record<string, string>;
  query: unknown;
  body: unknown;
  file?: IncomingFile;
}

/** A request's parts, checked against what its endpoint declares. Throws `invalid` with a list of places. */
export async function readInput(context: AppContext, endpoint: Endpoint): Promise<RequestInput> {
  const params = readParams(context, endpoint);
  const query = endpoint.query === undefined ? {} : check("query", endpoint.query, queryOf(context));
  const body =
    endpoint.body === undefined
      ? undefined
      : check("body", endpoint.body, await readJson(context.req.raw, incomingOf(context)));
  if (endpoint.file === undefined) return { params, query, body };
  return { params, query, body, file: await readFile(context, endpoint.file) };
}

async function readFile(context: AppContext, maxBytes: number): Promise<IncomingFile> {
  if (filesAtOnce >= MAX_FILES_AT_ONCE) throw new RateLimited("Other files are on their way in.", FILE_WAIT_MS);
  filesAtOnce += 1;
  try {
    const type = context.req.header("content-type") ?? "";
    return { type, bytes: await readBody(context.req.raw, incomingOf(context), maxBytes) };
  } finally {
    filesAtOnce -= 1;
  }
}

/** What a path names, checked; for whoever asks about it before they look at the rest. */
export function readParams(context: AppContext, endpoint: Pick<Endpoint, "path">): Record<string, string> {
  const params: Record<string, string> = {};
  for (const name of pathParams(endpoint.path)) {
    params[name] = check("path", Reference, context.req.param(name), name);
  }
  return params;
}

/** The request as it comes over the connection; none in a test that has no connection. */
function incomingOf(context: AppContext): IncomingMessage | undefined {
  return (context.env as AppContext["env"] | undefined)?.incoming as IncomingMessage | undefined;
}

function check<T>(part: string, schema: z.ZodType<T>, value: unknown, name?: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidInput(name === undefined ? part : `${part}.${name}`, result.error);
}

/** A name that is given several times counts as one list. */
function queryOf(context: AppContext): Record<string, string> {
  const entries = Object.entries(context.req.queries());
  return Object.fromEntries(entries.map(([name, values]) => [name, values.join(",")]));
}
