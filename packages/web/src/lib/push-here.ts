import { client } from "./session.ts";

/** Whether this browser can be pushed to, and what is missing if not. */
export type PushHere = "ready" | "denied" | "needs_tls" | "needs_home_screen" | "unsupported";

export function pushHere(): PushHere {
  if (!window.isSecureContext) return "needs_tls";
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    return isApplePhone() ? "needs_home_screen" : "unsupported";
  }
  return Notification.permission === "denied" ? "denied" : "ready";
}

export async function ownSubscription(): Promise<PushSubscription | null> {
  return (await (await registration()).pushManager.getSubscription()) ?? null;
}

/** Asks for leave and subscribes. Again with other settings changes those. */
export async function subscribeHere(content: boolean): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") {
    throw new Error("The browser was not given leave to show notifications. Allow them for this site, and try again.");
  }
  const { publicKey } = await client.getPushKey();
  const { pushManager } = await registration();
  const subscription = await subscribeWith(pushManager, publicKey);
  const { endpoint, keys } = subscription.toJSON();
  await client.addPushSubscription({
    body: {
      endpoint: endpoint ?? "",
      keys: { p256dh: keys?.["p256dh"] ?? "", auth: keys?.["auth"] ?? "" },
      content,
      // Safari takes away the leave after pushes that show nothing.
      closing: !isSafari(),
    },
  });
}

/** The server forgets it first, so that a failure leaves nothing that pushes into the void. */
export async function unsubscribeHere(id: string | null): Promise<void> {
  if (id !== null) await client.removePushSubscription({ params: { subscriptionId: id } });
  await (await ownSubscription())?.unsubscribe();
}

async function subscribeWith(manager: PushManager, publicKey: string): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey: publicKey };
  try {
    return await manager.subscribe(options);
  } catch (error) {
    // One of another key, of a workspace that was here before.
    const before = await manager.getSubscription();
    if (before === null) throw error;
    await before.unsubscribe();
    return await manager.subscribe(options);
  }
}

async function registration(): Promise<ServiceWorkerRegistration> {
  const found = await navigator.serviceWorker.getRegistration();
  if (found === undefined) throw new Error("The app is not wholly loaded yet. Load the page again, and try once more.");
  return found;
}

function isApplePhone(): boolean {
  return (
    /iPhone|iPad/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)
  );
}

function isSafari(): boolean {
  return /AppleWebKit/.test(navigator.userAgent) && !/Chrome|Chromium/.test(navigator.userAgent);
}
