import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { AppError } from "@bureau/protocol";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { AppContext } from "./app-parts.ts";

const SESSION_SECONDS = 30 * 24 * 60 * 60;

export interface Auth {
  /** Throws `unauthenticated` unless the request has the token or a session. */
  require(context: AppContext): void;
  /** Throws `unauthenticated` when the token is wrong; else sets the cookie. */
  signIn(context: AppContext, token: string): void;
  signOut(context: AppContext): void;
}

/**
 * The one person's token, in a header or traded for a cookie.
 *
 * A session is signed by the token, so it outlives a restart and ends when the token is changed.
 */
export function createAuth(token: string, now: () => number): Auth {
  // Cookies are shared by all ports of a host: each server has a name of its own.
  const cookie = `bureau_${sign(token, "cookie name").slice(0, 12)}`;
  const session = (expires: string) => `${expires}.${sign(token, `session until ${expires}`)}`;

  function hasSession(context: AppContext): boolean {
    const value = getCookie(context, cookie);
    const expires = value?.split(".")[0];
    if (value === undefined || expires === undefined || !/^\d{1,15}$/.test(expires)) return false;
    return isSame(value, session(expires)) && Number(expires) > now();
  }

  return {
    require(context) {
      const header = context.req.header("authorization");
      if (header === undefined ? hasSession(context) : isSame(header, `Bearer ${token}`)) return;
      throw new AppError("unauthenticated", header === undefined ? "No token was sent." : "The token is not right.", {
        hint: "Send `Authorization: Bearer TOKEN`; the token is in `.bureau/token` of the workspace.",
      });
    },
    signIn(context, given) {
      if (!isSame(given, token)) {
        throw new AppError("unauthenticated", "The token is not right.", {
          hint: "`bureau up` prints it; it is also in `.bureau/token` of the workspace.",
        });
      }
      const expires = String(now() + SESSION_SECONDS * 1000);
      const value = session(expires);
      setCookie(context, cookie, value, { httpOnly: true, sameSite: "Strict", path: "/", maxAge: SESSION_SECONDS });
    },
    signOut(context) {
      deleteCookie(context, cookie, { path: "/" });
    },
  };
}

/** Takes the same time wherever the texts differ. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(hash(given), hash(wanted));
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function sign(token: string, text: string): string {
  return createHmac("sha256", token).update(text).digest("hex");
}
