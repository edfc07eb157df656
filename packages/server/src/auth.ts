import { createHash, createHmac, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { AccessApi, Entered, KnownCaller, SessionHolder } from "@bureau/engine";
import { AppError, type DeviceId, type SessionInfo, type SignedIn } from "@bureau/protocol";
import type { AppContext } from "./app-parts.ts";
import { type Caller, callerOf, OWNER, OWNER_NAME } from "./caller.ts";
import type { PeerReader } from "./peer.ts";
import type { RequestLimits } from "./request-limits.ts";
import { createSessionCookie } from "./session-cookie.ts";

const OWNER_CALLER: Caller = {
  name: OWNER_NAME,
  person: OWNER,
  scope: "full",
  deviceId: null,
  sessionId: null,
  csrf: null,
  expiresAt: null,
};
/** What devices and sessions have: 256 random bits. Anything else need not be looked up. */
const DEVICE_TOKEN = /^bureau_[A-Za-z0-9_-]{43}$/;
const COOKIE_SECRET = /^[A-Za-z0-9_-]{43}$/;
const OWNER_KEY_BYTES = 32;

export interface AuthParts {
  /** The owner's. */
  token: string;
  /** Slow to make from a guess at the token. */
  ownerKey: () => Promise<string>;
  engine: AccessApi;
  peerOf: PeerReader;
  limits: RequestLimits;
  now: () => number;
}

export interface Auth {
  /** Who sent the request; null when it has no secret, or one that does not hold. */
  identify(context: AppContext): Promise<Caller | null>;
  /** Throws `unauthenticated` when the token is wrong; else sets the cookie. */
  signIn(context: AppContext, token: string): Promise<void>;
  /** The same for whom something else than a token proves: a device, or the owner where it is null. */
  signInAs(context: AppContext, prove: () => Promise<DeviceId | null>): Promise<void>;
  /** Lets somebody in by what was told once, and sets the cookie of their new device. Attempts count as sign-ins. */
  enter(context: AppContext, how: () => Promise<Entered>): Promise<SignedIn>;
  /** Asks something by a secret that was told once, and is no session. Attempts count as sign-ins. */
  guess<T>(context: AppContext, ask: () => Promise<T>): Promise<T>;
  signOut(context: AppContext): Promise<void>;
  session(context: AppContext): SessionInfo;
}

/**
 * Who somebody is: the owner's token, a device's token, or the cookie of a session that one of them was traded for.
 *
 * The owner's token is compared here; everything else is looked up by its hash at each request, so that it ends
 * the moment it is revoked, whichever process did that.
 */
export function createAuth(parts: AuthParts): Auth {
  const { token, ownerKey, engine, peerOf, limits } = parts;
  const csrfKey = sign(token, "csrf");
  // Cookies are shared by all ports of a host: each server has a name of its own.
  const cookie = createSessionCookie(`bureau_${sign(token, "cookie name").slice(0, 12)}`, parts.now);

  async function byToken(given: string): Promise<Caller | null> {
    if (isSame(given, token)) return OWNER_CALLER;
    return DEVICE_TOKEN.test(given) ? asCaller(await engine.callerOfToken(given), null) : null;
  }

  async function bySession(secret: string): Promise<Caller | null> {
    if (!COOKIE_SECRET.test(secret)) return null;
    return asCaller(await engine.callerOfSession(secret, await ownerKey()), sign(csrfKey, secret));
  }

  return {
    async identify(context) {
      const peer = peerOf(context);
      const header = context.req.header("authorization");
      const given = header ?? cookie.read(context, peer);
      if (given === undefined) return null;
      const bearer = header === undefined ? null : (/^Bearer (.{1,500})$/.exec(header)?.[1] ?? null);
      // The owner's own secret may be a short one of theirs: guesses at it are never let through.
      const secretHash = isSame(bearer ?? "", token) ? null : hash(given).toString("base64");
      limits.guess(peer, secretHash);
      const caller = header === undefined ? await bySession(given) : bearer === null ? null : await byToken(bearer);
      if (caller !== null && secretHash !== null) limits.recognized(secretHash);
      return caller;
    },
    signIn: (context, given) =>
      signInAs(context, async () => {
        const caller = await byToken(given);
        if (caller === null) throw wrongToken();
        return caller.deviceId;
      }),
    async enter(context, how) {
      const peer = peerOf(context);
      const forgiven = limits.signIn(peer);
      const { person, device, session } = await how();
      forgiven();
      await closeOwn(context);
      cookie.give(context, peer, session);
      return { person, device };
    },
    async guess(context, ask) {
      const forgiven = limits.signIn(peerOf(context));
      try {
        const reply = await ask();
        forgiven();
        return reply;
      } catch (error) {
        // Whoever has the secret may be told that it was decided, as often as they ask.
        if (error instanceof AppError && error.code !== "unauthenticated") forgiven();
        throw error;
      }
    },
    signInAs,
    async signOut(context) {
      await closeOwn(context);
      cookie.forget(context, peerOf(context));
    },
    session: sessionOf,
  };

  async function signInAs(context: AppContext, prove: () => Promise<DeviceId | null>): Promise<void> {
    const peer = peerOf(context);
    const forgiven = limits.signIn(peer);
    const deviceId = await prove();
    forgiven();
    const holder: SessionHolder = deviceId === null ? { ownerKey: await ownerKey() } : { deviceId };
    await closeOwn(context);
    cookie.give(context, peer, await engine.openSession(holder));
  }

  async function closeOwn(context: AppContext): Promise<void> {
    const sessionId = context.get("caller")?.sessionId ?? null;
    if (sessionId !== null) await engine.closeSession(sessionId);
  }
}

function wrongToken(): AppError {
  return new AppError("unauthenticated", "The token is not right.", {
    hint: "`bureau up` prints the owner's, `bureau device add NAME` makes one for a device.",
  });
}

function sessionOf(context: AppContext): SessionInfo {
  const { name, person, deviceId, scope, csrf, expiresAt } = callerOf(context);
  const ends = expiresAt === null ? null : new Date(expiresAt).toISOString();
  return { name, person, deviceId, scope, csrf, expiresAt: ends };
}

function asCaller(known: KnownCaller | null, csrf: string | null): Caller | null {
  if (known === null) return null;
  const { person, device, sessionId, expiresAt } = known;
  const name = device?.name ?? person.name;
  return { name, person, scope: device?.scope ?? "full", deviceId: device?.id ?? null, sessionId, csrf, expiresAt };
}

/** Slow to make from a guess, as it lies in the database: a person may have chosen a weak token. Made once. */
export function createOwnerKey(token: string): () => Promise<string> {
  const derive = promisify<string, string, number, Buffer>(scrypt);
  let key: Promise<string> | null = null;
  return () => (key ??= derive(token, "sessions of the owner", OWNER_KEY_BYTES).then((bytes) => bytes.toString("hex")));
}

/** Takes the same time wherever the texts differ. */
export function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(hash(given), hash(wanted));
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function sign(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}
