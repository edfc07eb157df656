import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import type { AppEnv } from "./app-parts.ts";
import { addressList, createPeerReader, type Peer } from "./peer.ts";

async function peerOf(address: string, headers: Record<string, string> = {}, trusted: string[] = []): Promise<Peer> {
  const read = createPeerReader(trusted);
  const app = new Hono<AppEnv>();
  app.get("/", (context) => context.json(read(context)));
  const incoming = { socket: { remoteAddress: address } };
  return (await (await app.request("/", { headers }, { incoming })).json()) as Peer;
}

describe("who asks", () => {
  test.each([
    ["127.0.0.1", { address: "127.0.0.1", isLocal: true, isSecure: false }],
    ["::1", { address: "0:0:0:0::/64", isLocal: true, isSecure: false }],
    ["::ffff:127.0.0.1", { address: "127.0.0.1", isLocal: true, isSecure: false }],
    ["203.0.113.9", { address: "203.0.113.9", isLocal: false, isSecure: false }],
    ["2001:db8:1:2:3:4:5:6", { address: "2001:db8:1:2::/64", isLocal: false, isSecure: false }],
    ["2001:db8::6", { address: "2001:db8:0:0::/64", isLocal: false, isSecure: false }],
    ["fe80::1%eth0", { address: "unknown", isLocal: false, isSecure: false }],
  ])("%s is known by its connection", async (address, expected) => {
    expect(await peerOf(address)).toEqual(expected);
  });

  test.each(["x-forwarded-for", "forwarded", "x-real-ip", "via"])(
    "whoever comes with %s is not taken for a program of this machine",
    async (name) => {
      expect(await peerOf("127.0.0.1", { [name]: "127.0.0.1" })).toMatchObject({ isLocal: false });
      expect(await peerOf("127.0.0.1", { [name]: "127.0.0.1" }, ["127.0.0.1"])).toMatchObject({ isLocal: false });
    },
  );

  test("a proxy that is not trusted has all behind it counted as one, and apart from itself", async () => {
    const headers = { "x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https" };
    expect(await peerOf("203.0.113.9", headers, ["10.0.0.0/8"])).toEqual({
      address: "behind 203.0.113.9",
      isLocal: false,
      isSecure: false,
    });
  });

  test("a trusted proxy says whom it heard, and not what the client says of itself", async () => {
    const headers = { "x-forwarded-for": "1.2.3.4, 198.51.100.7, 10.0.0.5", "x-forwarded-proto": "http, https" };
    expect(await peerOf("10.0.0.1", headers, ["10.0.0.0/8"])).toEqual({
      address: "198.51.100.7",
      isLocal: false,
      isSecure: true,
    });
  });

  test("what is no address counts as unknown", async () => {
    const headers = { "x-forwarded-for": "x; DROP" };
    expect(await peerOf("10.0.0.1", headers, ["10.0.0.1"])).toMatchObject({ address: "unknown" });
  });

  test.each(["proxy", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0", "::1/129", "1.2.3.4/x"])(
    "%s is no proxy that could be trusted",
    (text) => {
      expect(() => addressList([text])).toThrow(text);
    },
  );
});
