import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalHost, parseAuthority, parseHostRule, ruleFor, type HostRule } from "./host-rules.ts";

const rules = (...texts: string[]) => texts.map((text) => parseHostRule(text) as HostRule);
const allows = (texts: string[], host: string, port: number) =>
  ruleFor(rules(...texts), canonicalHost(host) ?? "", port) !== null;

describe("a host rule", () => {
  test("allows its host at 443 and 80, or at the port it names alone", () => {
    expect([443, 80, 22].map((port) => allows(["api.example.com"], "api.example.com", port))).toEqual([
      true,
      true,
      false,
    ]);
    expect([443, 8443].map((port) => allows(["api.example.com:8443"], "api.example.com", port))).toEqual([false, true]);
  });

  test("with a star allows names below its host, not the host itself nor one that ends alike", () => {
    const hosts = ["a.npm.example", "a.b.npm.example", "npm.example", "evilnpm.example", "npm.example.evil.example"];
    expect(hosts.map((host) => allows(["*.npm.example"], host, 443))).toEqual([true, true, false, false, false]);
  });

  test("does not care for letter case, a dot at the end or how an address is written", () => {
    expect(allows(["API.Example.com"], "api.EXAMPLE.com.", 443)).toBe(true);
    expect(canonicalHost("0x7f.1")).toBe("127.0.0.1");
    expect(canonicalHost("[0:0::1]")).toBe("[::1]");
    expect(allows(["bücher.example"], "xn--bcher-kva.example", 443)).toBe(true);
  });

  test("is private when it names an address, this machine, or says so, and then needs one host and its port", () => {
    expect(
      rules("127.0.0.1:3000", "[::1]:3000", "localhost:3000", "private:git.example:443", "git.example:443"),
    ).toEqual([true, true, true, true, false].map((isPrivate) => expect.objectContaining({ isPrivate })));
    for (const text of ["127.0.0.1", "localhost", "private:git.example", "private:*.git.example:443"]) {
      expect(parseHostRule(text)).toMatch(/^must name one host and its port/);
    }
  });

  test("that is too wide or none at all is said to be wrong", () => {
    expect(parseHostRule("*.com")).toMatch(/too wide/);
    const wrong = [
      "",
      "*",
      "*.",
      "https://a.example",
      "a.example/x",
      "a b",
      "u@a.example",
      "a.example:0",
      "a.example:70000",
    ];
    for (const text of wrong) expect(parseHostRule(text)).toMatch(/^must be a host/);
  });
});

test("whatever a client names is either refused or a host that is the same when read again", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.domain(),
        fc.ipV4(),
        fc.ipV6().map((address) => `[${address}]`),
      ),
      (text) => {
        const read = parseAuthority(text, 443);
        if (read === null) return;
        expect(canonicalHost(read.host)).toBe(read.host);
        expect(read.host).not.toMatch(/[\s/@?#\\]/);
      },
    ),
  );
});
