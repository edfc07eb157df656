import type { Socket } from "node:net";
import { createForwardProxy, type ForwardProxy } from "./forward-proxy.ts";
import type { ProxyOrder, ProxyReport } from "./proxy-protocol.ts";

/**
 * The way out of sandboxed commands: a process that may open connections, and neither start programs nor read or
 * write files. It is started by the broker and ends with it.
 */
const proxies = new Map<string, ForwardProxy>();
const report = (message: ProxyReport) => void process.send?.(message, undefined, {}, () => {});

process.on("message", (order: ProxyOrder, socket?: Socket) => {
  if (order.type === "open") {
    const onRefused = (line: string) => report({ type: "refused", id: order.id, line });
    proxies.set(order.id, createForwardProxy({ rules: order.rules, onRefused }));
  } else if (order.type === "connection") {
    const proxy = proxies.get(order.id);
    if (proxy === undefined) socket?.destroy();
    else if (socket !== undefined) proxy.serve(socket);
  } else {
    const proxy = proxies.get(order.id);
    proxies.delete(order.id);
    proxy?.close();
    report({ type: "closed", id: order.id, use: proxy?.use() ?? { connections: 0, refused: 0, bytes: 0 } });
  }
});
process.on("disconnect", () => process.exit(0));
