import { describe, expect, test } from "vitest";
import { isPushSubject } from "./push-settings.ts";
import { parseSettings } from "./settings.ts";

describe("the subject of pushes", () => {
  test.each(["mailto:ana@bureau-of-ana.eu", "https://bureau.ana.eu", "https://bureau.ana.eu:8443/app"])(
    "may be %s",
    (subject) => {
      expect(isPushSubject(subject)).toBe(true);
    },
  );

  test.each([
    "mailto:ana@localhost",
    "mailto:ana@mac.local",
    "mailto:ana@example.com",
    "mailto:ana",
    "mailto:<ana@ana.eu>",
    "ana@ana.eu",
    "http://ana.eu",
    "https://localhost:4747",
    "https://192.168.1.2",
    "https://[::1]",
    "https://bureau",
    "",
  ])("cannot be %s: push services refuse it, some with every message", (subject) => {
    expect(isPushSubject(subject)).toBe(false);
  });
});

describe("settings of pushes", () => {
  test.each([
    ["push: { subject: 'mailto:ana@localhost' }", "push.subject"],
    ["push: { actions: maybe }", "push.actions"],
    ["push: { allowHosts: [push.example.eu] }", "push.allowHosts"],
    ["push: [1]", "push"],
  ])("%s names what is wrong", (text, key) => {
    expect(() => parseSettings(text)).toThrow(key);
  });

  test("warn of what they do not know", () => {
    expect(parseSettings("push: { sbject: x }").warnings.join()).toContain("sbject");
  });
});
