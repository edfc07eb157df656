import { AppError, newId } from "@bureau/protocol";
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-parts.ts";
import type { PeerReader } from "./peer.ts";

const MAX_ADDRESS_CHARACTERS = 8 * 1024;
const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"];

const SECURITY_HEADERS = Object.entries({
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(self), payment=(), usb=()",
});

/** Gives each request an id and each reply the headers that keep a browser within this site. */
export function requestId(): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const id = newId("request");
    context.set("requestId", id);
    // Before the reply is made: each header that is added to a finished reply makes a new one.
    context.header("x-request-id", id);
    for (const [name, value] of SECURITY_HEADERS) context.header(name, value);
    if (context.req.path.startsWith("/api/")) context.header("cache-control", "no-store");
    await next();
  };
}

/**
 * Refuses requests that a foreign web page could have made.
 *
 * The Host must be one of ours, so a foreign name that points to this machine gets nothing. An Origin, where
 * there is one, must be the very address that the request was sent to, over TLS where the request was.
 */
export function guardOrigin(hosts: readonly string[], peerOf: PeerReader): MiddlewareHandler<AppEnv> {
  const allowed = new Set([...LOOPBACK_HOSTS, ...hosts.map(hostName)]);
  return async (context, next) => {
    const host = context.req.header("host")?.toLowerCase() ?? new URL(context.req.url).host;
    if (!allowed.has(hostName(host))) {
      throw new AppError("forbidden", "This server does not answer under that host name.", {
        hint: "Call it as localhost, or add the name to BUREAU_HOSTS.",
      });
    }
    const origin = context.req.header("origin");
    if (origin !== undefined && !isOrigin(origin, host, peerOf(context).isSecure)) {
      throw new AppError("forbidden", "Requests from other sites are refused.", {
        hint: "Open Bureau at its own address.",
      });
    }
    await next();
  };
}

/** Refuses addresses longer than any of ours, and bodies that would have to be unpacked first. */
export function guardSize(): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    if (context.req.url.length > MAX_ADDRESS_CHARACTERS) {
      throw new AppError("too_large", `The address is longer than ${MAX_ADDRESS_CHARACTERS} characters.`, {
        hint: "Put what is long into the body.",
      });
    }
    const encoding = context.req.header("content-encoding")?.trim().toLowerCase();
    if (encoding !== undefined && encoding !== "" && encoding !== "identity") {
      throw new AppError("invalid", "Bodies that are packed are not taken.", {
        hint: "Send the body as it is, without content-encoding.",
      });
    }
    await next();
  };
}

/** `localhost:4747` gives `localhost`; `[::1]:4747` gives `[::1]`. */
function hostName(host: string): string {
  const text = host.toLowerCase();
  const isBareIpv6 = !text.startsWith("[") && text.split(":").length > 2;
  return isBareIpv6 ? `[${text}]` : text.replace(/:\d*$/, "");
}

function isOrigin(origin: string, host: string, isSecure: boolean): boolean {
  const url = URL.parse(origin);
  return (
    url !== null &&
    (url.protocol === "https:" || (url.protocol === "http:" && !isSecure)) &&
    url.host === withoutDefaultPort(host, url)
  );
}

function withoutDefaultPort(host: string, origin: URL): string {
  return URL.parse(`${origin.protocol}//${host}`)?.host ?? host;
}
