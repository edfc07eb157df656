import { createHash, createHmac, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { AccessApi, KnownCaller, SessionHolder } from "@bureau/engine";
import { AppError, type DeviceId, type SessionInfo } from "@bureau/protocol";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { AppContext } from "./app-parts.ts";
import { type Caller, callerOf, OWNER_NAME } from "./caller.ts";
import type { Peer, PeerReader } from "./peer.ts";
import type { RequestLimits } from "./request-limits.ts";

const OWNER: Caller = {
  name: OWNER_NAME,
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
  const name = `bureau_${sign(token, "cookie name").slice(0, 12)}`;

  async function byToken(given: string): Promise<Caller | null> {
    if (isSame(given, token)) return OWNER;
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
      const cookie = header === undefined ? readCookie(context, peer) : undefined;
      const given = header ?? cookie;
      if (given === undefined) return null;
      const bearer = header === undefined ? null : (/^Bearer (.{1,500})$/.exec(header)?.[1] ?? null);
      // The owner's own secret may be a short one of theirs: guesses at it are never let through.
      const secretHash = isSame(bearer ?? "", token) ? null : hash(given).toString("base64");
      limits.guess(peer, secretHash);
      const caller = header === undefined ? await bySession(given) : bearer === null ? null : await byToken(bearer);
      if (caller !== null && secretHash !== null) limits.recognized(secretHash);
      return caller;
    },
    async signIn(context, given) {
      await signInAs(context, async () => {
        const caller = await byToken(given);
        if (caller !== null) return caller.deviceId;
        throw new AppError("unauthenticated", "The token is not right.", {
          hint: "`bureau up` prints the owner's, `bureau device add NAME` makes one for a device.",
        });
      });
    },
    signInAs,
    async signOut(context) {
      const peer = peerOf(context);
      await closeOwn(context);
      deleteCookie(context, peer.isSecure ? `__Host-${name}` : name, cookieOptions(peer));
    },
    session(context) {
      const { name: caller, scope, csrf, expiresAt } = callerOf(context);
      return { name: caller, scope, csrf, expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString() };
    },
  };

  async function signInAs(context: AppContext, prove: () => Promise<DeviceId | null>): Promise<void> {
    const peer = peerOf(context);
    const forgiven = limits.signIn(peer);
    const deviceId = await prove();
    forgiven();
    const holder: SessionHolder = deviceId === null ? { ownerKey: await ownerKey() } : { deviceId };
    await closeOwn(context);
    const { secret, expiresAt } = await engine.openSession(holder);
    setCookie(context, peer.isSecure ? `__Host-${name}` : name, secret, {
      ...cookieOptions(peer),
      maxAge: Math.floor((expiresAt - parts.now()) / 1000),
    });
  }

  /** Over TLS only the cookie that a browser promises was set over TLS, by this very host. */
  function readCookie(context: AppContext, peer: Peer): string | undefined {
    return peer.isSecure ? getCookie(context, name, "host") : getCookie(context, name);
  }

  async function closeOwn(context: AppContext): Promise<void> {
    const sessionId = context.get("caller")?.sessionId ?? null;
    if (sessionId !== null) await engine.closeSession(sessionId);
  }
}

function cookieOptions(peer: Peer) {
  return { httpOnly: true, sameSite: "Strict", path: "/", secure: peer.isSecure } as const;
}

function asCaller(known: KnownCaller | null, csrf: string | null): Caller | null {
  if (known === null) return null;
  const { device, sessionId, expiresAt } = known;
  const name = device?.name ?? OWNER_NAME;
  return { name, scope: device?.scope ?? "full", deviceId: device?.id ?? null, sessionId, csrf, expiresAt };
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
