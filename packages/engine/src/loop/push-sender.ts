import { createHash } from "node:crypto";
import type { BureauEvent, InboxEntry, PushActions, PushDecisions, PushMessage, PushOccasion } from "@bureau/protocol";
import type { Clock } from "../clock.ts";
import { hashOf, newSecret } from "../commands/access-parts.ts";
import { whomToTell } from "../commands/whom-to-tell.ts";
import {
  contentOf,
  mannerOf,
  mayAct,
  pushFor,
  type PushManner,
  type PushOutcome,
  type PushSubscriber,
  type PushTransport,
  retryWait,
  tokenEnd,
} from "../domain/push.ts";
import { findInboxEntry } from "../queries/lookup.ts";
import { holdingSubscriptions, pendingOf, subscriberFromRow } from "../queries/push.ts";
import { type OpenedDatabase, isConnectionError } from "../store/database.ts";
import {
  addPushTokens,
  claimPushes,
  forgetSubscription,
  isPending,
  missedEntries,
  type NewPushToken,
  settlePush,
} from "../store/pushes.ts";
import { inboxEntryFromRow } from "../store/rows.ts";

/** Entries that wait to be pushed. When there are more, the oldest are only in the inbox. */
const MAX_QUEUED = 500;
/** Messages on their way at once, and what waits for its time: to be tried again, or for somebody's hours. */
const MAX_AT_ONCE = 8;
const MAX_WAITING = 500;
/** What one browser is told in a minute: an agent that asks without end fills the inbox, not a pocket. */
const MAX_A_MINUTE = 30;
const MINUTE_MS = 60_000;
const SEND_MS = 15_000;
/** While the database is away: how often an entry is tried, and how far apart. */
const MAX_READS = 10;
const READ_AGAIN_MS = 1_000;
/** A later time is looked at again on the way: timers hold no longer than 24 days. */
const LONGEST_WAIT_MS = 7 * 24 * 60 * 60_000;
const TOPIC_CHARACTERS = 32;

export interface PushSenderParts {
  database: OpenedDatabase;
  clock: Clock;
  random: () => number;
  transport: PushTransport;
  actions: PushActions;
  /** The key by which sessions of the owner hold. */
  ownerKey: () => Promise<string>;
  onEvents(listener: (events: readonly BureauEvent[]) => void): () => void;
  log: (level: "warn" | "error", message: string) => void;
}

interface Job {
  occasion: PushOccasion;
  entryId: string;
}

interface Delivery extends Job {
  subscriber: PushSubscriber;
  message: PushMessage;
  manner: PushManner;
}

/**
 * Pushes what waits for a person to their browsers, beside the loop and never in its way.
 *
 * Woken by events, and only while somebody subscribed: else it asks the database nothing. A push is claimed in the
 * store before it is sent, so it is sent at most once for an entry, an occasion and a subscription: a process that
 * dies between the two leaves it unsent, and the entry in the inbox.
 */
export class PushSender {
  readonly #parts: PushSenderParts;
  readonly #stop = new AbortController();
  readonly #queue: Job[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  /** When each subscription was pushed to in the last minute. */
  readonly #recent = new Map<string, number[]>();
  #waiting = 0;
  #working: Promise<void> | null = null;
  #unlisten: (() => void) | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: PushSenderParts) {
    this.#parts = parts;
  }

  /** Begins with what waits and nobody took up: an earlier process may have died before it did. */
  start(): void {
    this.changed();
  }

  /** Somebody subscribed, or ceased to. */
  changed(): void {
    this.#looking = this.#looking.then(() => this.#look());
  }

  /** Pushes under way are given up; what was not claimed is taken up by the next start. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("Bureau stops."));
    this.#unlisten?.();
    this.#unlisten = null;
    await this.#looking;
    await this.idle();
  }

  /** Resolves when nothing is queued or on its way. What waits to be tried again is not waited for. */
  async idle(): Promise<void> {
    while (this.#working !== null || this.#inFlight.size > 0) {
      await this.#working;
      await Promise.all(this.#inFlight);
    }
  }

  async #look(): Promise<void> {
    const { database, clock, ownerKey, onEvents, log } = this.#parts;
    try {
      if (this.#stop.signal.aborted) return;
      const { rows } = await database.query("SELECT 1 FROM push_subscriptions LIMIT 1");
      if (rows.length === 0) {
        this.#unlisten?.();
        this.#unlisten = null;
        return;
      }
      // Takes its while once: not when something is to be pushed.
      await ownerKey();
      if (this.#stop.signal.aborted || this.#unlisten !== null) return;
      this.#recent.clear();
      this.#unlisten = onEvents((events) => this.#heard(events));
      for (const entryId of await missedEntries(database, clock.now())) this.#add({ occasion: "asked", entryId });
    } catch (error) {
      if (!isConnectionError(error)) log("warn", `Push subscriptions could not be read: ${textOf(error)}`);
    }
  }

  #heard(events: readonly BureauEvent[]): void {
    for (const event of events) {
      const job = pushFor(event);
      if (job !== null) this.#add(job);
    }
  }

  #add(job: Job): void {
    if (this.#stop.signal.aborted) return;
    if (this.#queue.length >= MAX_QUEUED) this.#queue.shift();
    this.#queue.push(job);
    this.#working ??= this.#work().finally(() => (this.#working = null));
  }

  async #work(): Promise<void> {
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      if (this.#stop.signal.aborted) return;
      for (const delivery of await this.#take(job)) await this.#deliver(delivery, 1);
    }
  }

  /** Claims one job's pushes; tries again while the database is away. */
  async #take(job: Job): Promise<Delivery[]> {
    const { clock, log } = this.#parts;
    for (let reads = 1; ; reads += 1) {
      try {
        return await this.#claim(job);
      } catch (error) {
        if (this.#stop.signal.aborted) return [];
        if (reads >= MAX_READS || !isConnectionError(error)) {
          log("warn", `The entry ${job.entryId} could not be pushed: ${textOf(error)}`);
          return [];
        }
        await clock.sleep(READ_AGAIN_MS, this.#stop.signal).catch(ignore);
      }
    }
  }

  async #claim({ occasion, entryId }: Job): Promise<Delivery[]> {
    const { database, clock, actions, ownerKey } = this.#parts;
    const now = clock.now();
    const rows = await holdingSubscriptions(database, { now, ownerKey: await ownerKey() });
    const all = rows.map(subscriberFromRow).filter((one) => occasion !== "closed" || one.closing);
    if (all.length === 0) return [];
    const entry = inboxEntryFromRow(await findInboxEntry(database, entryId));
    if ((entry.status === "pending") === (occasion === "closed")) return [];
    const allowed = occasion === "closed" ? { subscribers: all, againAt: null } : whomToTell(entry, all, now);
    if (allowed.againAt !== null) this.#later(allowed.againAt - now, () => this.#add({ occasion, entryId }));
    const subscribers = allowed.subscribers.filter((one) => this.#hasRoom(one, now));
    if (subscribers.length === 0) return [];
    return await database.transaction(async (transaction) => {
      const subscriptions = subscribers.map((one) => one.id);
      const claimed = await claimPushes(transaction, { entryId, occasion, subscriptions, now: new Date(now) });
      const tokens: NewPushToken[] = [];
      const badgeOf = await pendingOf(transaction);
      const deliveries = subscribers
        .filter((one) => claimed.has(one.id))
        .map((subscriber): Delivery => {
          const decisions = mayAct(entry, subscriber, actions) ? newDecisions(entry, subscriber, now, tokens) : null;
          const message = messageOf(entry, occasion, { badge: badgeOf(subscriber.by), subscriber, decisions });
          return { occasion, entryId, subscriber, message, manner: mannerOf(entry, occasion, topicOf(entryId), now) };
        });
      if (occasion !== "closed") await addPushTokens(transaction, tokens);
      return deliveries;
    });
  }

  #hasRoom({ id }: PushSubscriber, now: number): boolean {
    const recent = (this.#recent.get(id) ?? []).filter((at) => at > now - MINUTE_MS);
    const hasRoom = recent.length < MAX_A_MINUTE;
    this.#recent.set(id, hasRoom ? [...recent, now] : recent);
    return hasRoom;
  }

  /** Resolves when there is room for the next one; the message itself goes its own way. */
  async #deliver(delivery: Delivery, attempt: number): Promise<void> {
    while (this.#inFlight.size >= MAX_AT_ONCE) await Promise.race(this.#inFlight);
    const sending = this.#send(delivery, attempt)
      .catch((error: unknown) => this.#unsettled(error))
      .finally(() => void this.#inFlight.delete(sending));
    this.#inFlight.add(sending);
  }

  async #send(delivery: Delivery, attempt: number): Promise<void> {
    const { database, clock, transport } = this.#parts;
    const { subscriber, message, manner, occasion, entryId } = delivery;
    if (attempt > 1 && occasion !== "closed" && !(await isPending(database, entryId))) return;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(SEND_MS)]);
    const outcome = await transport.send(subscriber, message, manner, signal);
    if (outcome.type === "gone") return await forgetSubscription(database, subscriber.id);
    if (outcome.type === "later" && this.#retry(delivery, attempt, outcome)) return;
    await settlePush(database, {
      entryId,
      occasion,
      subscriptionId: subscriber.id,
      now: new Date(clock.now()),
      error: outcome.type === "sent" ? null : outcome.reason,
    });
  }

  /** False when it is given up. */
  #retry(delivery: Delivery, attempt: number, { afterMs }: Extract<PushOutcome, { type: "later" }>): boolean {
    const wait = retryWait(attempt, afterMs, this.#parts.random());
    if (wait === null || wait > delivery.manner.ttlSeconds * 1000) return false;
    return this.#later(wait, () => void this.#deliver(delivery, attempt + 1));
  }

  /** False where too much waits already. What waits is in memory alone: the next start looks for it anew. */
  #later(ms: number, then: () => void): boolean {
    if (this.#waiting >= MAX_WAITING || this.#stop.signal.aborted) return false;
    this.#waiting += 1;
    this.#parts.clock.sleep(Math.min(Math.max(0, ms), LONGEST_WAIT_MS), this.#stop.signal).then(
      () => {
        this.#waiting -= 1;
        then();
      },
      () => void (this.#waiting -= 1),
    );
    return true;
  }

  /** What became of it is not kept; it was claimed, so it is not sent again. */
  #unsettled(error: unknown): void {
    if (!isConnectionError(error)) this.#parts.log("warn", `A push could not be settled: ${textOf(error)}`);
  }
}

function newDecisions(
  entry: InboxEntry,
  subscriber: PushSubscriber,
  now: number,
  tokens: NewPushToken[],
): PushDecisions {
  const expiresAt = new Date(tokenEnd(entry, now));
  const decisions = { approve: newSecret(), deny: newSecret() };
  for (const decision of ["approve", "deny"] as const) {
    const hash = hashOf(decisions[decision]);
    const { id: entryId, actionHash } = entry;
    tokens.push({ hash, entryId, subscriptionId: subscriber.id, actionHash: actionHash!, decision, expiresAt });
  }
  return decisions;
}

function messageOf(
  entry: InboxEntry,
  occasion: PushOccasion,
  { badge, subscriber, decisions }: { badge: number; subscriber: PushSubscriber; decisions: PushDecisions | null },
): PushMessage {
  if (occasion === "closed") return { type: "closed", entryId: entry.id, badge };
  return {
    type: occasion,
    entryId: entry.id,
    kind: entry.kind,
    badge,
    actions: decisions,
    content: subscriber.content ? contentOf(entry) : null,
  };
}

/** Of an entry, so that what was not delivered yet is replaced; says nothing of it to the push service. */
function topicOf(entryId: string): string {
  return createHash("sha256").update(`push topic ${entryId}`).digest("base64url").slice(0, TOPIC_CHARACTERS);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function ignore(): void {}
