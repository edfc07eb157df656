import {
  type BureauEvent,
  type EventType,
  type InboxEntry,
  type InboxKind,
  type Preferences,
  type PushActions,
  type PushContent,
  type PushMessage,
  type PushOccasion,
  type PushSubscriptionId,
} from "@bureau/protocol";
import { type Decider, mayDecide } from "./decider.ts";
import { isSameName } from "./names.ts";

const MAX_TITLE_CHARACTERS = 120;
const MAX_LINE_CHARACTERS = 240;
const DAY_SECONDS = 24 * 60 * 60;
/** A token in a notification decides no longer than this after it was pushed. */
export const MAX_TOKEN_MS = DAY_SECONDS * 1000;

export type PushUrgency = "very-low" | "low" | "normal" | "high";

/** Whom a push goes to, as the sender needs it. */
export interface PushSubscriber {
  id: PushSubscriptionId;
  /** Who is told, and decides by its tokens. */
  by: Decider;
  /** What that person chose. */
  preferences: Preferences;
  endpoint: string;
  keys: { p256dh: string; auth: string };
  content: boolean;
  closing: boolean;
}

/** How the push service is to treat a message: how long it keeps it, and whether it wakes a sleeping phone. */
export interface PushManner {
  ttlSeconds: number;
  urgency: PushUrgency;
  /** What replaces a message that was not delivered yet; at most 32 characters of base64url. */
  topic: string;
}

/** What a push service said. `later`: it took nothing and may be asked again. `failed`: nobody knows, or it never will. */
export type PushOutcome =
  | { type: "sent" }
  | { type: "gone"; reason: string }
  | { type: "later"; afterMs: number | null; reason: string }
  | { type: "failed"; reason: string };

/** What encrypts and sends. Made where the vault is opened; the engine does not know how. */
export interface PushTransport {
  /** Who may be written to about what this Bureau sends; null where it is not set. */
  readonly subject: string | null;
  /** `host:port` of push services that need be neither public nor encrypted. */
  readonly allowHosts: readonly string[];
  /** Throws `conflict` where a setting is missing, `unavailable` where the vault cannot be opened. */
  publicKey(): Promise<string>;
  /** Never throws. */
  send(
    to: Pick<PushSubscriber, "endpoint" | "keys">,
    message: PushMessage,
    manner: PushManner,
    signal: AbortSignal,
  ): Promise<PushOutcome>;
}

const OCCASIONS: Partial<Record<EventType, PushOccasion>> = {
  "inbox.added": "asked",
  "approval.requested": "asked",
  "question.asked": "asked",
  "sign_off.requested": "asked",
  "inbox.assigned": "asked",
  "inbox.reminded": "reminded",
  "approval.decided": "closed",
  "question.answered": "closed",
  "sign_off.decided": "closed",
  "inbox.closed": "closed",
};

/** What is to be pushed when this happens; null for most of what happens. */
export function pushFor(event: Pick<BureauEvent, "type" | "data">): { occasion: PushOccasion; entryId: string } | null {
  const occasion = OCCASIONS[event.type];
  const entry = event.data["entry"] as { id?: unknown } | undefined;
  return occasion === undefined || typeof entry?.id !== "string" ? null : { occasion, entryId: entry.id };
}

/** Whether an entry is in somebody's part of the inbox: given to them, or to nobody and they are no guest. */
export function isTheirs(entry: { assignee: string | null }, by: Pick<Decider, "name" | "role">): boolean {
  if (entry.assignee === null) return by.role === "owner" || by.role === "member";
  return isSameName(entry.assignee, by.name);
}

const MANNERS: Record<InboxKind, { urgency: PushUrgency; ttlSeconds: number }> = {
  unknown_effect: { urgency: "high", ttlSeconds: DAY_SECONDS },
  approval: { urgency: "high", ttlSeconds: DAY_SECONDS },
  question: { urgency: "high", ttlSeconds: DAY_SECONDS },
  sign_off: { urgency: "normal", ttlSeconds: 3 * DAY_SECONDS },
  budget: { urgency: "normal", ttlSeconds: DAY_SECONDS },
  failed_run: { urgency: "normal", ttlSeconds: DAY_SECONDS },
  sign_in: { urgency: "normal", ttlSeconds: 3 * DAY_SECONDS },
  stopped: { urgency: "low", ttlSeconds: DAY_SECONDS },
};

/** No longer than the entry itself waits. */
export function mannerOf(
  entry: Pick<InboxEntry, "kind" | "expiresAt">,
  occasion: PushOccasion,
  topic: string,
  now: number,
): PushManner {
  const { urgency, ttlSeconds } = MANNERS[entry.kind];
  if (occasion === "closed") return { urgency: "normal", ttlSeconds, topic };
  const left = entry.expiresAt === null ? ttlSeconds : Math.floor((Date.parse(entry.expiresAt) - now) / 1000);
  return { urgency, ttlSeconds: Math.max(0, Math.min(ttlSeconds, left)), topic };
}

/** Whether a notification may decide the entry: an approval of an exact action, by somebody who may decide it. */
export function mayAct(
  entry: Pick<InboxEntry, "kind" | "title" | "actionHash" | "assignee">,
  subscriber: Pick<PushSubscriber, "by">,
  actions: PushActions,
): boolean {
  if (actions !== "approvals" || entry.kind !== "approval" || entry.actionHash === null) return false;
  return mayDecide(entry, subscriber.by, { what: "approve" }).ok;
}

/** Milliseconds since 1970 at which a token made now ends. */
export function tokenEnd(entry: Pick<InboxEntry, "expiresAt">, now: number): number {
  const latest = now + MAX_TOKEN_MS;
  return entry.expiresAt === null ? latest : Math.min(latest, Date.parse(entry.expiresAt));
}

/** What a notification says where its subscription wants that: the entry's title, and what the card calls the action. */
export function contentOf(entry: Pick<InboxEntry, "title" | "detail">): PushContent {
  const detail = entry.detail as { summary?: unknown } | null;
  const summary = typeof detail?.summary === "string" ? detail.summary : "";
  return { title: shown(entry.title, MAX_TITLE_CHARACTERS), line: shown(summary, MAX_LINE_CHARACTERS) };
}

/** One line without what hides or turns text around. */
function shown(text: string, maxCharacters: number): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  const characters = Array.from(line);
  return characters.length <= maxCharacters ? line : `${characters.slice(0, maxCharacters - 1).join("")}…`;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10 * 60_000;
const MAX_ATTEMPTS = 6;

/** How long to wait before the next attempt; null when it is given up. A service that names a time is heard. */
export function retryWait(attempt: number, afterMs: number | null, random: number): number | null {
  if (attempt >= MAX_ATTEMPTS) return null;
  if (afterMs !== null && afterMs > LONGEST_WAIT_MS) return null;
  const own = FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + random / 2);
  return Math.min(LONGEST_WAIT_MS, Math.max(own, afterMs ?? 0));
}
