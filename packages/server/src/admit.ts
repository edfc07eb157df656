import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-parts.ts";
import type { Auth } from "./auth.ts";
import type { PeerReader } from "./peer.ts";
import type { RequestLimits } from "./request-limits.ts";

/**
 * Finds out who asks, once a request, and refuses those who ask too much. What they may ask is for the endpoint.
 *
 * Pages and whether the server is up are for everyone, so nobody is looked up for them.
 */
export function admit(parts: { auth: Auth; peerOf: PeerReader; limits: RequestLimits }): MiddlewareHandler<AppEnv> {
  const { auth, peerOf, limits } = parts;
  return async (context, next) => {
    const peer = peerOf(context);
    context.set("caller", null);
    if (!needsCaller(context.req.path)) {
      limits.visitor(peer);
      return next();
    }
    const caller = await auth.identify(context);
    if (caller === null) limits.stranger(peer);
    else limits.caller(caller, peer);
    context.set("caller", caller);
    return next();
  };
}

function needsCaller(path: string): boolean {
  return path === "/metrics" || path === "/api" || path.startsWith("/api/");
}
