import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { handleNotificationClick, handlePush } from "./push.ts";
import { handleShare } from "./share.ts";

/** The app's files with a hash of each, put here by the build. */
declare const __FILES__: { url: string; revision: string }[];
declare const self: ServiceWorkerGlobalScope;

// The shell opens without a network; what it shows comes from the server. Nothing of /api is ever kept here.
cleanupOutdatedCaches();
precacheAndRoute(__FILES__);

const shell = createHandlerBoundToURL("/index.html");

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method === "POST" && url.pathname === "/share") return handleShare(event);
  if (event.request.mode !== "navigate" || event.request.method !== "GET" || url.pathname.startsWith("/api/")) return;
  event.respondWith(shell({ event, request: event.request, url }));
});
self.addEventListener("push", handlePush);
self.addEventListener("notificationclick", handleNotificationClick);
