import { networkInterfaces } from "node:os";
import { type Address, AppError } from "@bureau/protocol";
import type { AppContext } from "./app-parts.ts";
import type { Peer } from "./peer.ts";

const GUIDE = "docs/guide/phone.md";
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const NEEDS_TLS = `Passkeys and notifications need HTTPS: see ${GUIDE}.`;

/** Where others may find this server, before anybody asks. */
export interface Reach {
  /** As it is set; null where it is not. */
  publicUrl: string | null;
  /** What the server listens on. */
  host: string;
  /** Names under which it may be called besides those of loopback. */
  hosts: readonly string[];
}

/** What a request says of itself. */
export interface Asked {
  /** Its Host header. */
  host: string;
  isSecure: boolean;
  /** An address that whoever asks names; null takes the best that is known. */
  url: string | null;
}

/** What stands in a request about the address that it came to. */
export function askedOf(context: AppContext, peer: Peer, url: string | undefined): Asked {
  const host = context.req.header("host") ?? new URL(context.req.url).host;
  return { host, isSecure: peer.isSecure, url: url ?? null };
}

/**
 * The begin of links for somebody else: what is asked for, else where the request came to, else what is set, else this
 * machine in its network, with a plain word on what keeps that from working.
 */
export function addressOf(reach: Reach, asked: Asked, lan: readonly string[] = lanAddresses()): Address {
  if (asked.url !== null) return withTls(readBaseUrl(asked.url, "The address"));
  const came = new URL(`${asked.isSecure ? "https" : "http"}://${asked.host}`);
  if (!LOOPBACK_HOST.test(came.hostname)) return withTls(came);
  if (reach.publicUrl !== null) return withTls(readBaseUrl(reach.publicUrl, "publicUrl"));
  const [address] = lan;
  if (address === undefined) {
    return { url: came.origin, warning: `Only this machine can open this link: it is in no network. See ${GUIDE}.` };
  }
  came.hostname = address;
  const listens =
    LOOPBACK_HOST.test(reach.host) || reach.host === "::1" ? "Bureau listens on this machine alone." : null;
  const answers = reach.hosts.includes(address) ? null : `Bureau does not answer under ${address}.`;
  const wrong = [listens, answers].filter((text) => text !== null);
  if (wrong.length === 0) return withTls(came);
  const start = `BUREAU_TOKEN=… BUREAU_HOSTS=${address} bureau up --host 0.0.0.0`;
  return {
    url: came.origin,
    warning: `${wrong.join(" ")} Start it with \`${start}\`, or put a proxy in front of it and set BUREAU_PUBLIC_URL. ${NEEDS_TLS}`,
  };
}

function withTls(url: URL): Address {
  const isOpen = url.protocol === "https:" || LOOPBACK_HOST.test(url.hostname);
  return { url: url.origin, warning: isOpen ? null : `The link goes over plain HTTP. ${NEEDS_TLS}` };
}

/** `https://bureau.example.com`: an origin and nothing behind it. Throws `invalid` naming `what`. */
export function readBaseUrl(text: string, what: string): URL {
  const url = URL.parse(text.trim());
  const isPlain =
    url !== null &&
    (url.protocol === "https:" || url.protocol === "http:") &&
    url.hostname !== "" &&
    `${url.username}${url.password}${url.search}${url.hash}` === "" &&
    url.pathname === "/";
  if (isPlain) return url;
  throw new AppError("invalid", `${what} "${text.slice(0, 100)}" is no address of a server.`, {
    hint: "Write it as https://bureau.example.com, with nothing behind the name and the port.",
  });
}

/** IPv4 addresses of this machine in its networks. */
function lanAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address);
}
