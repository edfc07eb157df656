import type { Decider, PeopleApi } from "@bureau/engine";
import {
  type Access,
  AppError,
  covers,
  type DeviceId,
  type Endpoint,
  OWNER_ID,
  type PersonId,
  roleMay,
  type Scope,
  scopeOf,
  type SessionId,
  type Who,
} from "@bureau/protocol";
import type { AppContext } from "./app-parts.ts";

/** The name under which the holder of the owner's token decides. */
export const OWNER_NAME = "owner";

/** Whoever has the owner's token. */
export const OWNER: Who = { id: OWNER_ID, name: OWNER_NAME, role: "owner" };

/** Who asks, after what they sent was checked. */
export interface Caller {
  /** Their device's name, or their own. */
  name: string;
  /** Kept with what they decide. */
  person: Who;
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
export function deciderOf(context: AppContext): Decider {
  const { name, person, scope, deviceId } = callerOf(context);
  return { name: person.name, scope, role: person.role, device: deviceId === null ? null : name };
}

/** Whose things a caller may see where everybody has their own: null for the owner, who sees everyone's. */
export function ownOnly(context: AppContext): PersonId | null {
  const { person } = callerOf(context);
  return person.role === "owner" ? null : person.id;
}

/** The person that a path names: `me` is whoever asks. */
export function personIn(context: AppContext, person: string): string {
  return person.toLowerCase() === "me" ? callerOf(context).person.id : person;
}

/**
 * The one place that decides whether a request may reach its handler: somebody known, of a role and with a scope that
 * the tables ask, and by intent where a browser would send the cookie by itself. What a guest or a member asks about
 * is looked at by `requireOwn`.
 */
export function authorize(
  context: AppContext,
  { access, endpoint }: { access: Access; endpoint: Pick<Endpoint, "method" | "scope" | "own" | "open"> },
  isSame: (given: string, wanted: string) => boolean,
): void {
  if (endpoint.open === true) return;
  const caller = callerOf(context);
  if (!roleMay(caller.person.role, access)) throw wrongRole(caller, access);
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

/**
 * Refuses those who ask about what is not theirs: a member about another person, a guest about anything that they were
 * not invited to. Whether the thing is there at all is not said.
 */
export async function requireOwn(
  context: AppContext,
  access: Access,
  params: Readonly<Record<string, string>>,
  engine: Pick<PeopleApi, "isInvitedTo">,
): Promise<void> {
  if (access === "anyone") return;
  const { person } = callerOf(context);
  if (person.role === "owner") return;
  const [id = ""] = Object.values(params);
  if (access === "self") {
    const isSelf = personIn(context, id) === person.id || id.toLowerCase() === person.name.toLowerCase();
    if (!isSelf) throw new AppError("forbidden", `${person.name} may look at nobody else here.`, { hint: ASK_OWNER });
  } else if (person.role === "guest" && (access === "goal" || access === "thread" || access === "entry")) {
    if (await engine.isInvitedTo(person.id, { kind: access, id })) return;
    throw new AppError("forbidden", `${person.name} is a guest here, and was not invited to this ${access}.`, {
      hint: ASK_OWNER,
    });
  }
}

const ASK_OWNER = "Ask the owner of this Bureau.";

const WORDS: Record<Scope, string> = {
  read: "look",
  inbox: "look, decide and answer",
  full: "do everything",
};

function wrongRole({ person }: Caller, access: Access): AppError {
  const needed = access === "owner" ? "the owner" : "a member";
  return new AppError("forbidden", `${person.name} is a ${person.role} here; this is for ${needed}.`, {
    hint: ASK_OWNER,
  });
}

function isOwn(context: AppContext, endpoint: Pick<Endpoint, "own">, caller: Caller): boolean {
  if (endpoint.own === undefined || caller.deviceId === null) return false;
  return context.req.param(endpoint.own) === caller.deviceId;
}

function unknownReason(context: AppContext): string {
  if (context.req.header("authorization") !== undefined) return "The token is not right, or does not hold any more.";
  return "No token was sent.";
}
