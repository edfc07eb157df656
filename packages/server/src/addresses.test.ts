import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressOf, readBaseUrl } from "./addresses.ts";

const reach = { publicUrl: null, host: "127.0.0.1", hosts: [] as string[] };
const local = { host: "localhost:4747", isSecure: false, url: null };

describe("addressOf", () => {
  test("takes what is asked for, then where the request came to, then what is set", () => {
    const set = { ...reach, publicUrl: "https://bureau.example.com" };
    expect(addressOf(set, { ...local, url: "https://other.example/" })).toEqual({
      url: "https://other.example",
      warning: null,
    });
    expect(addressOf(set, { host: "bureau.tail1234.ts.net", isSecure: true, url: null }).url).toBe(
      "https://bureau.tail1234.ts.net",
    );
    expect(addressOf(set, local)).toEqual({ url: "https://bureau.example.com", warning: null });
    for (const host of ["127.0.0.1:4747", "[::1]:4747", "127.8.9.1"])
      expect(addressOf(set, { ...local, host }).url).toBe("https://bureau.example.com");
  });

  test("says of a plain address what does not work there", () => {
    expect(addressOf(reach, { host: "192.168.1.5:4747", isSecure: false, url: null })).toEqual({
      url: "http://192.168.1.5:4747",
      warning: expect.stringMatching(/plain HTTP.*need HTTPS/),
    });
  });

  test("names this machine in its network, and all that has to be set for it to be reached", () => {
    const found = addressOf(reach, local, ["192.168.1.5"]);
    expect(found.url).toBe("http://192.168.1.5:4747");
    expect(found.warning).toMatch(
      /listens on this machine alone.*does not answer under 192\.168\.1\.5.*BUREAU_HOSTS=192\.168\.1\.5/,
    );
    expect(found.warning).toContain("--host 0.0.0.0");
    expect(addressOf({ ...reach, host: "0.0.0.0" }, local, ["192.168.1.5"]).warning).not.toContain(
      "this machine alone",
    );
    expect(addressOf({ ...reach, host: "0.0.0.0", hosts: ["192.168.1.5"] }, local, ["192.168.1.5"]).warning).toMatch(
      /^The link goes over plain HTTP/,
    );
    expect(addressOf(reach, local, [])).toEqual({
      url: "http://localhost:4747",
      warning: expect.stringContaining("Only this machine"),
    });
  });
});

describe("readBaseUrl", () => {
  test.each([
    "bureau.example.com",
    "ftp://x",
    "https://a:b@x",
    "https://x/path",
    "https://x/?a",
    "https://x/#a",
    "javascript:1",
    "",
  ])("refuses %s", (text) => {
    expect(() => readBaseUrl(text, "The address")).toThrow(/no address of a server/);
  });

  test("takes an origin or throws a clear error, whatever is written", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
        try {
          expect(["http:", "https:"]).toContain(readBaseUrl(text, "It").protocol);
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid" });
        }
      }),
    );
  });
});
