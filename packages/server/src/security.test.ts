import { api, type Endpoint } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { BASE_URL, testApp, TOKEN } from "./testing/test-app.ts";

describe("the token", () => {
  test.each(Object.entries<Endpoint>(api).filter(([, endpoint]) => endpoint.open !== true))(
    "%s is refused without it",
    async (_name, endpoint) => {
      const { app, engine } = testApp();
      const path = endpoint.path.replace(/:[A-Za-z]+/g, "x");
      const response = await app.request(`${BASE_URL}${path}`, { method: endpoint.method });
      expect(response.status).toBe(401);
      expect(engine.calls).toEqual([]);
    },
  );

  test.each(["Bearer", "Bearer wrong", `bearer ${TOKEN}`, `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, TOKEN])(
    "%s is not it",
    async (authorization) => {
      const { app } = testApp();
      const response = await app.request(`${BASE_URL}/api/hey`, { headers: { authorization } });
      expect(response.status).toBe(401);
    },
  );

  test("it is not taken from the address", async () => {
    const { app } = testApp();
    expect((await app.request(`${BASE_URL}/api/status?token=${TOKEN}`)).status).toBe(401);
  });
});

describe("foreign pages", () => {
  test.each(["evil.example", "localhost.evil.example:4747", "127.0.0.1.nip.io", "10.0.0.1:4747", "[::2]:4747"])(
    "the host %s is refused, whatever is asked",
    async (host) => {
      const { app } = testApp();
      for (const path of ["/", "/healthz", "/api/status", "/api/openapi.json"]) {
        const response = await app.request(`${BASE_URL}${path}`, {
          headers: { host, authorization: `Bearer ${TOKEN}` },
        });
        expect(response.status).toBe(403);
      }
    },
  );

  test.each(["localhost", "127.0.0.1:4747", "[::1]:4747", "LOCALHOST:9", "bureau.example:443"])(
    "the host %s is served when it is ours",
    async (host) => {
      const { app } = testApp({ hosts: ["bureau.example"] });
      expect((await app.request(`${BASE_URL}/healthz`, { headers: { host } })).status).toBe(200);
    },
  );

  test.each(["http://evil.example", "null", "http://localhost:3000", "https://localhost.evil.example", "file://", "x"])(
    "the origin %s is refused",
    async (origin) => {
      const { request } = testApp();
      expect((await request("/api/status", { headers: { origin, host: "localhost:4747" } })).status).toBe(403);
    },
  );

  test.each(["http://localhost:4747", "https://localhost:4747"])("our own origin %s is served", async (origin) => {
    const { request } = testApp();
    expect((await request("/api/status", { headers: { origin, host: "localhost:4747" } })).status).toBe(200);
  });

  test("every reply keeps the browser within this site, errors too", async () => {
    const { app } = testApp();
    for (const path of ["/healthz", "/api/status", "/nothing"]) {
      const { headers } = await app.request(`${BASE_URL}${path}`);
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});
