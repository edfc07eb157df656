import type { InboxKind, PushMessage } from "@bureau/protocol";

declare const self: ServiceWorkerGlobalScope;

const ICON = "/icon-192.png";
const BADGE = "/badge-96.png";
const DECIDE = "/api/push/decide";
const DECIDE_TIMEOUT_MS = 20_000;

/** What is said where a notification may not say what is asked. */
const TITLES: Record<InboxKind, string> = {
  approval: "Something needs your yes or no",
  question: "An agent has a question",
  sign_off: "Something is done and needs your look",
  unknown_effect: "It is not known whether something was done",
  budget: "A budget is used up",
  failed_run: "A run failed",
  sign_in: "A tool needs signing in",
  stopped: "Work stopped",
};

/** Kept with a notification on this device. */
interface NotificationData {
  entryId: string | null;
  tokens: { approve: string; deny: string } | null;
}

interface Options extends NotificationOptions {
  actions?: { action: string; title: string }[];
  renotify?: boolean;
  data: NotificationData;
}

export function handlePush(event: PushEvent): void {
  event.waitUntil(showPush(readMessage(event)));
}

export function handleNotificationClick(event: NotificationEvent): void {
  const data: NotificationData = event.notification.data ?? { entryId: null, tokens: null };
  event.notification.close();
  const token = event.action === "approve" || event.action === "deny" ? data.tokens?.[event.action] : undefined;
  event.waitUntil(token === undefined ? openEntry(data.entryId) : decide(token, data.entryId));
}

async function showPush(message: PushMessage | null): Promise<void> {
  if (message === null)
    return await show("Bureau", { body: "Something happened.", data: { entryId: null, tokens: null } });
  showBadge(message.badge);
  switch (message.type) {
    case "closed":
      return await closeOf(message.entryId);
    case "test":
      return await show("Notifications work", {
        body: "What waits for you will be told here.",
        tag: "test",
        data: { entryId: null, tokens: null },
      });
    case "asked":
    case "reminded":
      return await show(message.content?.title ?? TITLES[message.kind], {
        body: message.content?.line ?? waitingWords(message),
        tag: message.entryId,
        // The same entry again, as a reminder: it sounds once more.
        renotify: message.type === "reminded",
        data: { entryId: message.entryId, tokens: message.actions },
        ...(message.actions !== null && {
          actions: [
            { action: "approve", title: "Approve" },
            { action: "deny", title: "Deny" },
          ],
        }),
      });
  }
}

function waitingWords(message: Extract<PushMessage, { kind: InboxKind }>): string {
  const count = message.badge <= 1 ? "It waits in your inbox." : `${message.badge} things wait in your inbox.`;
  return message.type === "reminded" ? `Still open. ${count}` : count;
}

function show(title: string, options: Options): Promise<void> {
  return self.registration.showNotification(title, { icon: ICON, badge: BADGE, ...options });
}

/** Decides by the token alone, and quietly says what came of it: also while the app is closed. */
async function decide(token: string, entryId: string | null): Promise<void> {
  const data = { entryId, tokens: null };
  const tag = entryId ?? "decided";
  try {
    const response = await fetch(DECIDE, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
      credentials: "omit",
      signal: AbortSignal.timeout(DECIDE_TIMEOUT_MS),
    });
    const reply: unknown = await response.json().catch(() => null);
    if (response.ok) {
      const isYes = textAt(reply, "status") === "approved";
      await show(isYes ? "Approved" : "Denied", { body: "Kept in Bureau.", tag, silent: true, data });
      return;
    }
    const reason = textAt(at(reply, "error"), "message") ?? `The server answered with status ${response.status}.`;
    await show("Not decided", { body: `${reason} Open it to decide in Bureau.`, tag, data });
  } catch {
    await show("Not decided", {
      body: "Bureau could not be reached, so it may or may not have been decided. Open it to see.",
      tag,
      data,
    });
  }
}

async function openEntry(entryId: string | null): Promise<void> {
  const path = entryId === null ? "/" : `/inbox/${encodeURIComponent(entryId)}`;
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: false });
  const there = windows.find(({ url }) => new URL(url).pathname === path);
  const one = there ?? windows[0];
  if (one === undefined) {
    await self.clients.openWindow(path);
    return;
  }
  const focused = await one.focus().catch(() => one);
  if (there === undefined) await focused.navigate(path).catch(() => self.clients.openWindow(path));
}

async function closeOf(entryId: string): Promise<void> {
  for (const notification of await self.registration.getNotifications({ tag: entryId })) notification.close();
}

function showBadge(count: number): void {
  if (!("setAppBadge" in self.navigator)) return;
  const shown = count > 0 ? self.navigator.setAppBadge(count) : self.navigator.clearAppBadge();
  // A system that shows none refuses; nothing is lost.
  shown.catch(() => undefined);
}

/** What Bureau itself sent and encrypted for this browser; null for what is something else. */
function readMessage(event: PushEvent): PushMessage | null {
  try {
    const message: unknown = event.data?.json();
    return isMessage(message) ? message : null;
  } catch {
    return null;
  }
}

function isMessage(message: unknown): message is PushMessage {
  if (typeof at(message, "badge") !== "number") return false;
  const type = textAt(message, "type");
  if (type === "test") return true;
  if (textAt(message, "entryId") === null) return false;
  return type === "closed" || ((type === "asked" || type === "reminded") && (textAt(message, "kind") ?? "") in TITLES);
}

function at(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function textAt(value: unknown, name: string): string | null {
  const found = at(value, name);
  return typeof found === "string" ? found : null;
}
