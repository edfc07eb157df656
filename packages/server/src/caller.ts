import { AppError, covers, type DeviceId, type Endpoint, type Scope, scopeOf, type SessionId } from "@bureau/protocol";
import type { AppContext } from "./app-parts.ts";

/** The name under which the holder of the owner's token decides. */
export const OWNER_NAME = "owner";

/** Who asks, after what they sent was checked. */
export interface Caller {
  /** Kept with what they decide. */
  name: string;
  scope: Scope;
  /** Null: the owner. */
  deviceId: DeviceId | null;
  /** Null: they sent a token. */
  sessionId: SessionId | null;
  /** What a write by a session must carry; null where there is no session. */
  csrf: string | null;
  /** Milliseconds since 1970; null when it ends with the token. */
  expiresAt: number | null;
}

/** Whoever the request was found to be from. Only where the endpoint is not open. */
export function callerOf(context: AppContext): Caller {
  const caller = context.get("caller");
  if (caller !== null && caller !== undefined) return caller;
  throw new AppError("unauthenticated", unknownReason(context), {
    hint: "Send `Authorization: Bearer TOKEN`; the owner's is in `.bureau/token` of the workspace.",
  });
}

/** Who decides, for those who keep it and say what they may. Nothing else of a caller leaves the door. */
export function deciderOf(context: AppContext): Pick<Caller, "name" | "scope"> {
  const { name, scope } = callerOf(context);
  return { name, scope };
}

/**
 * The one place that decides whether a request may reach its handler: somebody known, allowed what the endpoint's
 * table asks, and by intent where a browser would send the cookie by itself.
 */
export function authorize(
  context: AppContext,
  endpoint: Pick<Endpoint, "method" | "scope" | "own" | "open">,
  isSame: (given: string, wanted: string) => boolean,
): void {
  if (endpoint.open === true) return;
  const caller = callerOf(context);
  const needed = scopeOf(endpoint);
  if (!covers(caller.scope, needed) && !isOwn(context, endpoint, caller)) {
    throw new AppError("forbidden", `${caller.name} may only ${WORDS[caller.scope]}; this needs the scope ${needed}.`, {
      hint: `Use a token with the scope ${needed}: \`bureau device add NAME --scope ${needed}\`.`,
    });
  }
  if (caller.csrf === null || endpoint.method === "GET") return;
  if (context.req.header("origin") === undefined || !isSame(context.req.header("x-bureau-csrf") ?? "", caller.csrf)) {
    throw new AppError("forbidden", "This change was not asked for by Bureau's own page.", {
      hint: "With a session, send Origin, and the header x-bureau-csrf with what GET /api/session gives. A token needs neither.",
    });
  }
}

const WORDS: Record<Scope, string> = {
  read: "look",
  inbox: "look, decide and answer",
  full: "do everything",
};

function isOwn(context: AppContext, endpoint: Pick<Endpoint, "own">, caller: Caller): boolean {
  if (endpoint.own === undefined || caller.deviceId === null) return false;
  return context.req.param(endpoint.own) === caller.deviceId;
}

function unknownReason(context: AppContext): string {
  if (context.req.header("authorization") !== undefined) return "The token is not right, or does not hold any more.";
  return "No token was sent.";
}
