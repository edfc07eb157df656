import type { HostRule } from "../domain/host-rules.ts";
import type { NetworkUse } from "./sandbox.ts";

/** What the broker says to the proxy. A `connection` comes with its socket. */
export type ProxyOrder =
  | { type: "open"; id: string; rules: HostRule[] }
  | { type: "connection"; id: string }
  | { type: "close"; id: string };

/** What the proxy says. `closed` comes after every other message about its command. */
export type ProxyReport =
  | { type: "refused"; id: string; line: string }
  | { type: "closed"; id: string; use: NetworkUse };
