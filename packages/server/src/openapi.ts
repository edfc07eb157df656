import {
  API_ACCESS,
  type Api,
  api,
  type Endpoint,
  ERROR_CODES,
  ErrorBody,
  type ErrorCode,
  pathParams,
  Reference,
  scopeOf,
} from "@bureau/protocol";
import * as protocol from "@bureau/protocol";
import { z } from "zod";

/** Errors that any endpoint can answer with. */
const COMMON_ERRORS: readonly ErrorCode[] = ["invalid", "forbidden", "too_large", "limit_reached", "internal"];

const SESSION =
  "Set by POST /api/session under a name of the server's own. Writes carry the header x-bureau-csrf with what GET /api/session gives.";

type Json = Record<string, unknown>;

/** The API as OpenAPI 3.1, made from the table alone. */
export function openApiDocument(version: string): object {
  const schemas: Json = {};
  const toSchema = createSchemaWriter(schemas);
  const paths: Record<string, Json> = {};
  for (const [name, endpoint] of Object.entries<Endpoint>(api)) {
    const path = endpoint.path.replace(/:([A-Za-z]+)/g, "{$1}");
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(name, endpoint, toSchema) };
  }
  return {
    openapi: "3.1.0",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: { title: "Bureau", version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: "bureau_session", description: SESSION },
      },
    },
  };
}

type SchemaWriter = (schema: z.ZodType, io: "input" | "output") => Json;

function operation(name: string, endpoint: Endpoint, toSchema: SchemaWriter): Json {
  const errors = [...COMMON_ERRORS, ...(endpoint.open ? [] : ["unauthenticated" as const]), ...(endpoint.errors ?? [])];
  return {
    operationId: name,
    summary: endpoint.summary,
    tags: [endpoint.group],
    ...(endpoint.open ? { security: [] } : { "x-scope": scopeOf(endpoint), "x-access": API_ACCESS[name as keyof Api] }),
    parameters: [...pathParameters(endpoint, toSchema), ...queryParameters(endpoint, toSchema)],
    ...requestBody(endpoint, toSchema),
    responses: { ...success(endpoint, toSchema), ...failures(errors, toSchema) },
  };
}

function requestBody(endpoint: Endpoint, toSchema: SchemaWriter): Json {
  if (endpoint.file !== undefined) {
    // The type is any: it says what the file is.
    const schema = { type: "string", format: "binary", maxLength: endpoint.file };
    return { requestBody: { required: true, content: { "*/*": { schema } } } };
  }
  if (endpoint.body === undefined) return {};
  return { requestBody: { required: true, content: jsonContent(toSchema(endpoint.body, "input")) } };
}

function pathParameters(endpoint: Endpoint, toSchema: SchemaWriter): Json[] {
  return pathParams(endpoint.path).map((name) => ({
    name,
    in: "path",
    required: true,
    schema: toSchema(Reference, "input"),
  }));
}

function queryParameters(endpoint: Endpoint, toSchema: SchemaWriter): Json[] {
  if (!(endpoint.query instanceof z.ZodObject)) return [];
  return Object.entries<z.ZodType>(endpoint.query.shape).map(([name, field]) => ({
    name,
    in: "query",
    required: false,
    style: "form",
    explode: false,
    schema: toSchema(field, "output"),
  }));
}

function success(endpoint: Endpoint, toSchema: SchemaWriter): Json {
  if (endpoint.reply === "empty") return { 204: { description: "Done." } };
  if (endpoint.reply === "events") {
    return {
      200: { description: "A stream without end.", content: { "text/event-stream": { schema: { type: "string" } } } },
    };
  }
  if (endpoint.reply === "bytes") {
    const schema = { type: "string", format: "binary" };
    return { 200: { description: "The file.", content: { "application/octet-stream": { schema } } } };
  }
  return { 200: { description: endpoint.summary, content: jsonContent(toSchema(endpoint.reply, "output")) } };
}

function failures(codes: readonly ErrorCode[], toSchema: SchemaWriter): Json {
  const byStatus = Map.groupBy(new Set(codes), (code) => ERROR_CODES[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: same.map((code) => `\`${code}\``).join(", "),
        content: jsonContent(toSchema(ErrorBody, "output")),
      },
    ]),
  );
}

function jsonContent(schema: Json): Json {
  return { "application/json": { schema } };
}

/** Writes schemas; those that the protocol exports by name are written once and referred to. */
function createSchemaWriter(schemas: Json): SchemaWriter {
  const registry = z.registry<{ id: string }>();
  for (const [name, value] of Object.entries<unknown>(protocol)) {
    if (!(value instanceof z.ZodObject || value instanceof z.ZodLazy)) continue;
    if (!registry.has(value)) registry.add(value, { id: name });
  }
  return (schema, io) => {
    const written: Json = z.toJSONSchema(schema, {
      io,
      metadata: registry,
      unrepresentable: "any",
      override: ({ zodSchema, jsonSchema }) => {
        // The only custom schemas are those of ids.
        if (zodSchema._zod.def.type === "custom") jsonSchema.type = "string";
      },
    });
    const { $defs: definitions, $schema: _dialect, id: _id, ...own } = written;
    for (const [name, definition] of Object.entries((definitions ?? {}) as Json)) {
      schemas[name] ??= withComponentReferences(definition);
    }
    const name = registry.get(schema)?.id;
    if (name === undefined) return withComponentReferences(own) as Json;
    if (own["$ref"] === undefined) schemas[name] ??= withComponentReferences(own);
    return { $ref: `#/components/schemas/${name}` };
  };
}

function withComponentReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withComponentReferences);
  if (typeof value !== "object" || value === null) return value;
  // A name that was given to a schema shows up as its `id`; a property of that name is an object.
  const entries = Object.entries(value).filter(([key, entry]) => key !== "id" || typeof entry !== "string");
  return Object.fromEntries(
    entries.map(([key, entry]) => [
      key,
      key === "$ref" && typeof entry === "string"
        ? entry.replace("#/$defs/", "#/components/schemas/")
        : withComponentReferences(entry),
    ]),
  );
}
