import type { SessionOpened } from "@bureau/engine";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { AppContext } from "./app-parts.ts";
import type { Peer } from "./peer.ts";

/** The cookie that a session is known by. */
export interface SessionCookie {
  read(context: AppContext, peer: Peer): string | undefined;
  give(context: AppContext, peer: Peer, session: Pick<SessionOpened, "secret" | "expiresAt">): void;
  forget(context: AppContext, peer: Peer): void;
}

/** Over TLS only the cookie that a browser promises was set over TLS, by this very host, is given and taken. */
export function createSessionCookie(name: string, now: () => number): SessionCookie {
  const nameFor = (peer: Peer) => (peer.isSecure ? `__Host-${name}` : name);
  return {
    read: (context, peer) => (peer.isSecure ? getCookie(context, name, "host") : getCookie(context, name)),
    give: (context, peer, { secret, expiresAt }) => {
      const maxAge = Math.floor((expiresAt - now()) / 1000);
      setCookie(context, nameFor(peer), secret, { ...optionsFor(peer), maxAge });
    },
    forget: (context, peer) => void deleteCookie(context, nameFor(peer), optionsFor(peer)),
  };
}

function optionsFor(peer: Peer) {
  return { httpOnly: true, sameSite: "Strict", path: "/", secure: peer.isSecure } as const;
}
