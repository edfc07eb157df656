import type { z } from "zod";
import type { Scope } from "./device.ts";
import type { ErrorCode } from "./error.ts";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** `empty` is a 204 without a body; `events` is a stream of server-sent events; `bytes` is a file, never JSON. */
export type ReplyShape = z.ZodType | "empty" | "events" | "bytes";

export interface EndpointOptions {
  /** What it does, in one line for the reference. */
  summary: string;
  /** The noun that it is listed under. */
  group: string;
  query?: z.ZodType;
  body?: z.ZodType;
  /** Most bytes of a file that is the body as it is, with its type as the content type. In place of `body`. */
  file?: number;
  reply: ReplyShape;
  /** Errors beyond those of every endpoint: `invalid`, `unauthenticated`, `forbidden`, `internal`. */
  errors?: readonly ErrorCode[];
  /** Served without a token. */
  open?: boolean;
  /** Its body is a secret. Any other request that holds a secret's value is refused. */
  takesSecret?: boolean;
  /** What a caller must be allowed. Absent: `read` for GET, `full` for everything else. */
  scope?: Scope;
  /** Name of the path parameter with a device's id: a device may ask this of itself, whatever its scope. */
  own?: string;
}

export type Endpoint<Path extends string = string, Options extends EndpointOptions = EndpointOptions> = {
  method: HttpMethod;
  path: Path;
} & Options;

/** Declares one HTTP endpoint. `:name` in the path becomes a parameter. */
export function endpoint<const Path extends string, Options extends EndpointOptions>(
  method: HttpMethod,
  path: Path,
  options: Options,
): Endpoint<Path, Options> {
  return { method, path, ...options };
}

/** What a caller must be allowed in order to call an endpoint. */
export function scopeOf(endpoint: Pick<Endpoint, "method" | "scope">): Scope {
  return endpoint.scope ?? (endpoint.method === "GET" ? "read" : "full");
}

/** The names in a path: `/runs/:runId/items/:itemId` gives `"runId" | "itemId"`. */
export type PathParam<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | PathParam<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

/** The names in a path, in order. */
export function pathParams(path: string): string[] {
  return [...path.matchAll(/:([A-Za-z]+)/g)].map((match) => match[1] as string);
}

type Params<E> = E extends { path: infer Path extends string }
  ? [PathParam<Path>] extends [never]
    ? unknown
    : { params: Record<PathParam<Path>, string> }
  : unknown;

type IsOptional<T> = Record<never, never> extends T ? true : false;
type OptionalQuery<T> = IsOptional<T> extends true ? { query?: T } : { query: T };
type OptionalBody<T> = IsOptional<T> extends true ? { body?: T } : { body: T };

/** A file on its way in, whole. `type` is what its sender says that it is. */
export interface IncomingFile {
  bytes: Uint8Array;
  type: string;
}

/** A file on its way out; `type` is that of the blob, or `application/octet-stream`. */
export type OutgoingFile = Blob | Uint8Array<ArrayBuffer>;

/** What a handler is given: everything checked, with defaults filled in. */
export type Input<E> = Params<E> &
  (E extends { query: infer Q extends z.ZodType } ? { query: z.output<Q> } : unknown) &
  (E extends { file: number } ? { file: IncomingFile } : unknown) &
  (E extends { body: infer B extends z.ZodType } ? { body: z.output<B> } : unknown);

/** What a caller gives: fields with a default can be left out. */
export type CallInput<E> = Params<E> &
  (E extends { query: infer Q extends z.ZodType } ? OptionalQuery<Partial<z.output<Q>>> : unknown) &
  (E extends { file: number } ? { file: OutgoingFile } : unknown) &
  (E extends { body: infer B extends z.ZodType } ? OptionalBody<z.input<B>> : unknown);

export type Reply<E> = E extends { reply: infer R extends z.ZodType } ? z.output<R> : void;

/** Operations that answer once, in JSON. Streams are read with `openEventStream`, files by their address. */
export type OperationName<Table> = {
  [K in keyof Table]: Table[K] extends { reply: "events" | "bytes" } ? never : K;
}[keyof Table];

/** Operations that answer with a file. */
export type BytesName<Table> = { [K in keyof Table]: Table[K] extends { reply: "bytes" } ? K : never }[keyof Table];

/** What a server must implement. A missing endpoint does not compile. */
export type Handlers<Table, Context> = {
  [K in OperationName<Table>]: (input: Input<Table[K]>, context: Context) => Promise<Reply<Table[K]>>;
};

export interface CallOptions {
  signal?: AbortSignal;
}

/** What a caller has: one function per operation. */
export type Client<Table> = {
  [K in OperationName<Table>]: Record<never, never> extends CallInput<Table[K]>
    ? (input?: CallInput<Table[K]>, options?: CallOptions) => Promise<Reply<Table[K]>>
    : (input: CallInput<Table[K]>, options?: CallOptions) => Promise<Reply<Table[K]>>;
};
