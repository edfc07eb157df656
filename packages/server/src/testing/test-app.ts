import { Readable } from "node:stream";
import { type AccessApi, type Clock, createSecretGuard, systemClock } from "@bureau/engine";
import { createClient } from "@bureau/protocol";
import { createApp } from "../app.ts";
import type { AppParts, Fault } from "../app-parts.ts";
import { createMemoryEngine } from "./memory-engine.ts";

export const TOKEN = "a-token-for-tests";
export const BASE_URL = "http://localhost:4747";

/** The whole HTTP side in this process, without a socket. */
export function testApp({ access, ...part }: Partial<AppParts> & { access?: AccessApi } = {}) {
  const engine = createMemoryEngine(access);
  const faults: Fault[] = [];
  const clock: Clock = systemClock;
  const stopping = new AbortController();
  const app = createApp({
    engine,
    guard: createSecretGuard(),
    clock,
    token: TOKEN,
    version: "1.2.3",
    hosts: [],
    trustedProxies: [],
    webFolder: null,
    signal: stopping.signal,
    onFault: (fault) => faults.push(fault),
    ...part,
  });
  const request = async (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${TOKEN}`);
    return app.request(`${BASE_URL}${path}`, { ...init, headers });
  };
  /** As it comes over a connection from an address. */
  const requestFrom = async (address: string, path: string, init: RequestInit = {}) => {
    const bytes = typeof init.body === "string" ? [Buffer.from(init.body)] : [];
    const incoming = Object.assign(Readable.from(bytes), { socket: { remoteAddress: address } });
    return app.request(`${BASE_URL}${path}`, init, { incoming });
  };
  const client = createClient({
    baseUrl: BASE_URL,
    token: TOKEN,
    fetch: async (url, init) => app.request(url as string, init),
  });
  return { app, client, engine, faults, request, requestFrom, stopping };
}

export function jsonBody(value: unknown, method = "POST", headers: Record<string, string> = {}): RequestInit {
  return { method, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(value) };
}
