import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import type { HostRule } from "../domain/host-rules.ts";
import { isPublicAddress } from "../tools/public-address.ts";

const CONNECT_MS = 10_000;

/** The addresses of a name. */
export type Resolve = (host: string) => Promise<string[]>;

/** The rule allows the name, but the name leads to a place that only a person may name. */
export class PrivateAddress extends Error {}

/**
 * Connects to a host that a rule allows. A name of the public internet must lead there: all of its addresses are
 * looked at before anything is sent, and the one that answered is looked at again.
 */
export async function connectChecked(
  rule: HostRule,
  target: { host: string; port: number },
  resolve: Resolve = systemResolve,
): Promise<Socket> {
  const host = target.host.replace(/^\[|\]$/g, "");
  if (rule.isPrivate) return open({ host, port: target.port });
  const addresses = await resolve(host);
  const inner = addresses.find((address) => !isPublicAddress(address));
  if (inner !== undefined) throw new PrivateAddress(`${target.host} leads to ${inner}`);
  let failure: unknown = new Error(`${target.host} has no address`);
  for (const address of addresses.slice(0, MAX_ADDRESSES)) {
    try {
      const socket = await open({ host: address, port: target.port });
      if (isPublicAddress(socket.remoteAddress ?? "")) return socket;
      socket.destroy();
      throw new PrivateAddress(`${target.host} leads to ${socket.remoteAddress ?? "an unknown address"}`);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

const MAX_ADDRESSES = 4;

const systemResolve: Resolve = async (host) => (await lookup(host, { all: true })).map((entry) => entry.address);

function open(place: { host: string; port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...place, timeout: CONNECT_MS });
    socket.once("timeout", () => socket.destroy(new Error(`${place.host} did not answer in time`)));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.removeListener("error", reject);
      socket.setTimeout(0).removeAllListeners("timeout");
      resolve(socket);
    });
  });
}
