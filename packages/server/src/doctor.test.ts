import { parseSettings } from "@bureau/engine";
import { describe, expect, test } from "vitest";
import { describeSandbox } from "./doctor.ts";

const settings = (text: string) => parseSettings(text).sandbox;

describe("the doctor says of the sandbox", () => {
  test("what it gives and what it does not", () => {
    const { status, message } = describeSandbox("bubblewrap", settings(""));
    expect(status).toBe("ok");
    expect(message).toContain("their folder, the programs of the system and no network");
    expect(message).toContain("a weakness of the kernel is not held back");
  });

  test("which hosts there are, of the workspace and of its agents", () => {
    const text =
      "sandbox: { hosts: [api.example.com], agents: { builder: { hosts: ['*.npm.example:443', api.example.com] } } }";
    expect(describeSandbox("bubblewrap", settings(text)).message).toContain(
      "the network at api.example.com, *.npm.example:443 alone",
    );
  });

  test("that hosts have no effect where there is no proxy", () => {
    const { status, message } = describeSandbox("seatbelt", settings("sandbox: { hosts: [api.example.com] }"));
    expect(status).toBe("warning");
    expect(message).toMatch(/no network\..*sandbox\.hosts has no effect/);
  });
});
