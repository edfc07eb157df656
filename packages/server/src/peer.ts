import { BlockList, isIP } from "node:net";
import { AppError } from "@bureau/protocol";
import type { AppContext } from "./app-parts.ts";

/** The other end of a connection, as far as it can be believed. */
export interface Peer {
  /** What limits are counted by: an IPv4 address, or the network of an IPv6 one. */
  address: string;
  /** A program on this machine that asks for itself, and not for somebody else as a proxy does. */
  isLocal: boolean;
  /** The request came over TLS. */
  isSecure: boolean;
}

export type PeerReader = (context: AppContext) => Peer;

const UNKNOWN = "unknown";
const LOOPBACK = addressList(["127.0.0.0/8", "::1"]);
const NETWORK_GROUPS = 4;

/**
 * Reads who asks. What a proxy says of those behind it counts only when the proxy itself is trusted.
 *
 * Words of a proxy that is not trusted only take away: the request does not count as one of this machine.
 */
export function createPeerReader(trustedProxies: readonly string[]): PeerReader {
  const trusted = addressList(trustedProxies);
  return (context) => {
    const socket = context.env?.incoming?.socket;
    const own = plainAddress(socket?.remoteAddress);
    const forwarded = context.req.header("x-forwarded-for");
    const isForwarded = ["x-forwarded-for", "forwarded", "x-real-ip", "via"].some(
      (name) => context.req.header(name) !== undefined,
    );
    if (own === null || !contains(trusted, own)) {
      const isLocal = own !== null && !isForwarded && contains(LOOPBACK, own);
      // Who comes through a proxy does not use up what programs beside it may.
      const address = isForwarded ? `behind ${networkOf(own)}` : networkOf(own);
      return { address, isLocal, isSecure: isEncrypted(socket) };
    }
    const client = forwarded === undefined ? null : lastUntrusted(forwarded, trusted);
    const protocol = context.req.header("x-forwarded-proto")?.split(",").at(-1)?.trim().toLowerCase();
    return {
      address: networkOf(isForwarded ? client : own),
      isLocal: !isForwarded && contains(LOOPBACK, own),
      isSecure: protocol === "https",
    };
  };
}

/** Addresses and networks as `127.0.0.1` and `10.0.0.0/8`. Throws `invalid` naming the one that is neither. */
export function addressList(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = "", bits, more] = text.split("/");
    const version = isIP(address);
    const longest = version === 6 ? 128 : 32;
    const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (version === 0 || length < 0 || length > longest || more !== undefined) {
      throw new AppError("invalid", `"${text.slice(0, 60)}" is not an address or a network.`, {
        hint: "Write it as 127.0.0.1, ::1 or 10.0.0.0/8, with commas between several.",
      });
    }
    list.addSubnet(address, length, version === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

/** Each proxy adds at the end whom it heard: the first from the end that is no proxy of ours is the client. */
function lastUntrusted(header: string, trusted: BlockList): string | null {
  for (const text of header.split(",").toReversed()) {
    const address = plainAddress(text.trim());
    if (address === null || !contains(trusted, address)) return address;
  }
  return null;
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** `::ffff:10.0.0.1` is an IPv4 address. Null for anything that is no address. */
function plainAddress(text: string | undefined): string | null {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(text ?? "")?.[1];
  const address = mapped ?? text ?? "";
  return isIP(address) === 0 || address.includes("%") ? null : address;
}

/** Whoever has one IPv6 address has as many as they like, so their whole network counts as one. */
function networkOf(address: string | null): string {
  if (address === null) return UNKNOWN;
  if (isIP(address) === 4) return address;
  const [start = "", end] = address.toLowerCase().split("::");
  const before = start === "" ? [] : start.split(":");
  const after = end === undefined || end === "" ? [] : end.split(":");
  const zeros = end === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => "0");
  const groups = [...before, ...zeros, ...after].slice(0, NETWORK_GROUPS);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}

function isEncrypted(socket: object | undefined): boolean {
  return socket !== undefined && "encrypted" in socket && socket.encrypted === true;
}
