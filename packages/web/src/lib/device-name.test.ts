import { PlainName } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { deviceNameOf } from "./device-name.ts";

describe("the name that a device is offered", () => {
  test.each([
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15", "iPhone"],
    ["Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36", "Android phone"],
    ["Mozilla/5.0 (Linux; Android 16; Tab) AppleWebKit/537.36 Chrome/150.0 Safari/537.36", "Android tablet"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15", "Mac"],
    ["something else", "Browser"],
  ])("of %s is %s, which the server takes", (userAgent, name) => {
    expect(deviceNameOf(userAgent)).toBe(name);
    expect(PlainName.safeParse(name).success).toBe(true);
  });
});
