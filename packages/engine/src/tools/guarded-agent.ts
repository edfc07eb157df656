import { lookup } from "node:dns";
import type { LookupAddress, LookupOptions } from "node:dns";
import { isIP } from "node:net";
import type { Socket } from "node:net";
import { AppError } from "@bureau/protocol";
import type { Agent } from "undici";
import { isPublicAddress } from "./public-address.ts";

const CONNECT_MS = 10_000;
const MAX_CONNECTIONS_A_HOST = 8;
const KEEP_ALIVE_MS = 2000;

/**
 * A client for addresses that an agent names. It connects to the public internet only, and to `allowHosts`
 * (`host:port`), which the person has named.
 *
 * Every connection is checked three times: the address written in the URL, those that its name resolves to, and
 * the one that answered; so neither a redirect nor a name that changes its address between check and use gets in.
 */
export async function createGuardedAgent(allowHosts: readonly string[]): Promise<Agent> {
  const { Agent, buildConnector } = await import("undici");
  const allowed = new Set(allowHosts.map((host) => host.toLowerCase()));
  const open = buildConnector({ timeout: CONNECT_MS, allowH2: false });
  const guarded = buildConnector({ timeout: CONNECT_MS, allowH2: false, lookup: publicLookup } as object);
  return new Agent({
    connections: MAX_CONNECTIONS_A_HOST,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: -1,
    connect: (options, callback) => {
      const host = options.hostname.replace(/^\[|\]$/g, "").toLowerCase();
      const port = options.port || (options.protocol === "https:" ? "443" : "80");
      if (allowed.has(`${host}:${port}`) || allowed.has(`[${host}]:${port}`)) return open(options, callback);
      if (isIP(host) !== 0 && !isPublicAddress(host)) return callback(refusal(host, host), null);
      guarded(options, (...result) => {
        const socket: Socket | null = result[1];
        if (!socket) return callback(...result);
        const address = socket.remoteAddress ?? "an unknown address";
        if (isPublicAddress(address)) return callback(null, socket);
        socket.destroy();
        callback(refusal(host, address), null);
      });
    },
  });
}

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** Refuses a name when any of its addresses is not public, before anything is sent to it. */
function publicLookup(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    const inner = addresses.find((entry) => !isPublicAddress(entry.address));
    const [first] = addresses;
    if (inner || !first) return callback(refusal(hostname, inner?.address ?? "no address"), []);
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
}

function refusal(host: string, address: string): AppError {
  const where = host === address ? host : `${host} (${address})`;
  return new AppError(
    "forbidden",
    `${where} is not on the public internet, and agents do not fetch from this machine or its networks. The person can allow it by host and port in the settings.`,
  );
}
