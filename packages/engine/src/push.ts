import { AppError, type PushActions, type PushTested } from "@bureau/protocol";
import { systemRandom } from "./clock.ts";
import { decideByPush } from "./commands/decide-by-push.ts";
import type { CommandParts } from "./commands/parts.ts";
import {
  addSubscription,
  listSubscriptions,
  noSubscription,
  type PushCaller,
  removeSubscription,
} from "./commands/push-subscriptions.ts";
import type { PushTransport } from "./domain/push.ts";
import type { PushApi } from "./engine-api.ts";
import { PushSender } from "./loop/push-sender.ts";
import {
  type Holding,
  holdingSubscriptions,
  pendingOf,
  subscriberFromRow,
  type PushSubscriptionRow,
} from "./queries/push.ts";
import type { OpenedDatabase } from "./store/database.ts";
import { forgetSubscription } from "./store/pushes.ts";

const TEST_MS = 15_000;
const TEST_TTL_SECONDS = 60;
const MAX_TESTED = 20;

/** How notifications are pushed; nothing is where the engine has none of it. */
export interface PushOptions {
  transport: PushTransport;
  /** Whether approvals can be decided in a notification. */
  actions: PushActions;
  /** The key by which sessions of the owner hold. */
  ownerKey: () => Promise<string>;
}

export interface PushParts {
  commands: CommandParts;
  onEvents: ConstructorParameters<typeof PushSender>[0]["onEvents"];
  log: (level: "warn" | "error", message: string) => void;
}

export interface Push {
  api: PushApi;
  start(): void;
  /** Somebody subscribed, or ceased to, in whichever process. */
  changed(): void;
  stop(): Promise<void>;
}

/** Subscriptions, what is pushed to them, and what their tokens decide. */
export function createPush(options: PushOptions, { commands, onEvents, log }: PushParts): Push {
  const { transport, actions, ownerKey } = options;
  const { database, clock } = commands;
  const random = systemRandom;
  const sender = new PushSender({ database, clock, random, transport, actions, ownerKey, onEvents, log });
  const holding = async (): Promise<Holding> => ({ now: clock.now(), ownerKey: await ownerKey() });
  const rowsOf = async (by: PushCaller) => await listSubscriptions(database, by, await holding());
  const api: PushApi = {
    async getPush() {
      const subscriptions = (await holdingSubscriptions(database, await holding())).length;
      const key = await transport.publicKey().then(
        (publicKey) => ({ publicKey, problem: null }),
        (error: unknown) => ({ publicKey: null, problem: problemOf(error) }),
      );
      return { ...key, subject: transport.subject, actions, subscriptions };
    },
    getPushKey: async () => ({ publicKey: await transport.publicKey() }),
    listPushSubscriptions: async (by) => ({ subscriptions: (await rowsOf(by)).subscriptions }),
    async addPushSubscription(input) {
      // Whoever cannot be pushed to is told now, and not when something waits.
      await transport.publicKey();
      const added = await addSubscription({ database, clock, allowHosts: transport.allowHosts }, input);
      sender.changed();
      return added;
    },
    async removePushSubscription(id, by) {
      await removeSubscription(database, id, by);
      sender.changed();
    },
    async testPush({ by, subscription }) {
      await transport.publicKey();
      const { rows } = await rowsOf(by);
      const wanted = subscription === undefined ? rows : rows.filter((row) => row.id === subscription);
      if (subscription !== undefined && wanted.length === 0) throw noSubscription(subscription);
      return await testAll(database, transport, wanted.slice(0, MAX_TESTED));
    },
    decideByPush: async (token) => await decideByPush(commands, token, await ownerKey()),
  };
  return { api, start: () => sender.start(), changed: () => sender.changed(), stop: () => sender.stop() };
}

async function testAll(
  database: OpenedDatabase,
  transport: PushTransport,
  rows: readonly PushSubscriptionRow[],
): Promise<PushTested> {
  const badgeOf = await pendingOf(database);
  const manner = { ttlSeconds: TEST_TTL_SECONDS, urgency: "high", topic: "test" } as const;
  const results = await Promise.all(
    rows.map(async (row) => {
      const { id: subscriptionId, by, endpoint, keys } = subscriberFromRow(row);
      const name = by.device ?? by.name;
      const signal = AbortSignal.timeout(TEST_MS);
      const outcome = await transport.send({ endpoint, keys }, { type: "test", badge: badgeOf(by) }, manner, signal);
      if (outcome.type === "gone") await forgetSubscription(database, row.id);
      const status = outcome.type === "later" ? ("failed" as const) : outcome.type;
      const message = outcome.type === "sent" ? "The push service took it." : outcome.reason;
      return { subscriptionId, name, service: URL.parse(endpoint)?.host ?? "", status, message };
    }),
  );
  return { results };
}

function problemOf(error: unknown): { message: string; hint: string | null } {
  if (error instanceof AppError) return { message: error.message, hint: error.hint ?? null };
  throw error;
}

/** For an engine that pushes nothing: tells so. */
export const NO_PUSH: PushOptions = {
  transport: {
    subject: null,
    allowHosts: [],
    publicKey: () =>
      Promise.reject(new AppError("unavailable", "This engine was started without a way to push notifications.")),
    send: async () => ({ type: "failed", reason: "This engine was started without a way to push notifications." }),
  },
  actions: "none",
  ownerKey: async () => "",
};
