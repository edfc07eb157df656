import { API_ACCESS, type Api, api, AppError, type BytesName, type Endpoint, type Handlers } from "@bureau/protocol";
import type { EngineApi, SecretGuard } from "@bureau/engine";
import { Hono } from "hono";
import type { App, AppContext, AppEnv, AppParts } from "./app-parts.ts";
import { admit } from "./admit.ts";
import { type Auth, createAuth, createOwnerKey, isSame } from "./auth.ts";
import { addressOf, askedOf } from "./addresses.ts";
import { authorize, requireOwn } from "./caller.ts";
import { errorReply } from "./errors.ts";
import { type BytesHandlers } from "./file-reply.ts";
import { guardEngine } from "./guard-engine.ts";
import { guardOrigin, guardSize, requestId } from "./guard.ts";
import { OpenStreams } from "./open-streams.ts";
import { createPeerReader, type PeerReader } from "./peer.ts";
import { readInput, readParams, type RequestInput } from "./read-input.ts";
import { createRequestLimits, type RequestLimits } from "./request-limits.ts";
import { agentHandlers } from "./routes/agents.ts";
import { artifactFiles, artifactHandlers } from "./routes/artifacts.ts";
import { addCareRoutes } from "./routes/care.ts";
import { connectorHandlers } from "./routes/connectors.ts";
import { deviceHandlers } from "./routes/devices.ts";
import { createEventsRoute } from "./routes/events.ts";
import { effectHandlers } from "./routes/effects.ts";
import { agentFiles, fileHandlers } from "./routes/files.ts";
import { goalHandlers } from "./routes/goals.ts";
import { inboxHandlers } from "./routes/inbox.ts";
import { linkHandlers } from "./routes/links.ts";
import { type AddressReader, peopleHandlers } from "./routes/people.ts";
import { insightHandlers } from "./routes/insight.ts";
import { passkeyHandlers } from "./routes/passkeys.ts";
import { policyHandlers } from "./routes/policy.ts";
import { pushHandlers } from "./routes/push.ts";
import { runHandlers } from "./routes/runs.ts";
import { secretHandlers } from "./routes/secrets.ts";
import { stateHandlers } from "./routes/state.ts";
import { uploadHandlers } from "./routes/uploads.ts";
import { addWebRoutes } from "./routes/web.ts";
import { workHandlers } from "./routes/work.ts";

const LOOPBACK = "127.0.0.1";

/** The whole HTTP side. Makes no connection and starts nothing until it is asked something. */
export function createApp(given: AppParts): App {
  const parts: AppParts = { ...given, engine: guardEngine(given.engine, given.guard) };
  const app: App = new Hono<AppEnv>();
  const now = () => parts.clock.now();
  const peerOf = createPeerReader(parts.trustedProxies);
  const limits = createRequestLimits(now);
  const { token, ownerKey = createOwnerKey(token) } = parts;
  const auth = createAuth({ token, ownerKey, engine: given.engine, peerOf, limits, now });
  app.use(requestId());
  app.use(guardOrigin(parts.hosts, peerOf));
  app.use(guardSize());
  app.use(admit({ auth, peerOf, limits }));
  const { host = LOOPBACK, hosts, publicUrl = null } = parts;
  const addressFor: AddressReader = (context, url) =>
    addressOf({ publicUrl, host, hosts }, askedOf(context, peerOf(context), url));
  const streams = new OpenStreams(given.engine);
  addApiRoutes(app, parts, { auth, peerOf, limits, streams, secrets: given.engine, addressFor });
  addCareRoutes(app, parts);
  if (parts.webFolder !== null) addWebRoutes(app, parts.webFolder, parts.webBuild ?? null);
  refuseOtherMethods(app);
  app.notFound((context) =>
    errorReply(
      context,
      new AppError("not_found", `There is nothing at ${context.req.path.slice(0, 200)}.`),
      parts.onFault,
    ),
  );
  app.onError((error, context) => errorReply(context, error, parts.onFault));
  return app;
}

type AnyHandler = (input: RequestInput, context: AppContext) => Promise<unknown>;

interface Door {
  auth: Auth;
  peerOf: PeerReader;
  limits: RequestLimits;
  streams: OpenStreams;
  /** The engine as it is: what it answers of keys is no text to hide secrets in. */
  secrets: EngineApi;
  addressFor: AddressReader;
}

function addApiRoutes(app: App, parts: AppParts, { auth, peerOf, limits, streams, secrets, addressFor }: Door): void {
  const { engine } = parts;
  const handlers: Handlers<Api, AppContext> = {
    ...agentHandlers(engine),
    ...goalHandlers(engine),
    ...workHandlers(engine),
    ...runHandlers(engine),
    ...inboxHandlers(engine, () => parts.clock.now()),
    ...effectHandlers(engine),
    ...artifactHandlers(engine),
    ...fileHandlers(engine),
    ...policyHandlers(engine),
    ...secretHandlers(engine),
    ...connectorHandlers(engine),
    ...stateHandlers(engine, parts.version),
    ...deviceHandlers(engine, auth),
    ...pushHandlers(engine, { peerOf, limits }),
    ...passkeyHandlers(secrets, { auth, peerOf, limits }),
    ...uploadHandlers(engine),
    ...peopleHandlers(engine, auth, addressFor),
    ...linkHandlers(engine, auth, addressFor),
    ...insightHandlers(engine),
  };
  const files: BytesHandlers<BytesName<Api>> = { ...artifactFiles(engine), ...agentFiles(engine) };
  const streamEvents = createEventsRoute(parts, streams);
  for (const [name, endpoint] of Object.entries<Endpoint>(api)) {
    const handler = endpoint.reply === "events" ? undefined : (handlers[name as keyof typeof handlers] as AnyHandler);
    const access = API_ACCESS[name as keyof Api];
    app.on(endpoint.method, endpoint.path, async (context) => {
      authorize(context, { access, endpoint }, isSame);
      await requireOwn(context, access, readParams(context, endpoint), engine);
      const input = await readInput(context, endpoint);
      if (endpoint.open !== true && endpoint.takesSecret !== true) refuseSecret(parts.guard, input);
      if (endpoint.reply === "bytes") return await files[name as keyof typeof files](input, context);
      if (handler === undefined) return streamEvents(context, input);
      const reply = await handler(input, context);
      return endpoint.reply === "empty" ? context.body(null, 204) : context.json(reply as object);
    });
  }
}

/** What a client sends may be kept and shown to a model: a secret has no place in it. */
function refuseSecret(guard: SecretGuard, { file: _file, ...input }: RequestInput): void {
  const name = guard.holds(input);
  if (name === null) return;
  throw new AppError("invalid", `The request holds the value of the secret ${name}; nothing was done.`, {
    hint: "Leave the value out. Settings refer to a secret as ${secret:NAME}, and agents need not know it.",
  });
}

/** A known address with a method that it does not have is told so, with those that it has. */
function refuseOtherMethods(app: App): void {
  const methods = new Map<string, string[]>();
  for (const { path, method } of app.routes) {
    if (method !== "ALL" && !path.includes("*")) methods.set(path, [...(methods.get(path) ?? []), method]);
  }
  for (const [path, known] of methods) {
    const allowed = [...new Set(known.includes("GET") ? [...known, "HEAD"] : known)].toSorted().join(", ");
    app.all(path, (context) => {
      context.header("allow", allowed);
      throw new AppError("method_not_allowed", `${context.req.method} does not work here.`, {
        hint: `This address takes ${allowed}.`,
      });
    });
  }
}
