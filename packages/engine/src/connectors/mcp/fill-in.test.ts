import { describe, expect, test } from "vitest";
import { createFiller } from "./fill-in.ts";

const environment = { TOKEN: "abcdef-123", EMPTY: "", TRICK: "${secret:other}", SHORT: "on" };
const values = { environment, workspace: "/work", resolveSecret: async (text: string) => `value of ${text}` };

describe("createFiller", () => {
  test.each([
    ["Bearer ${TOKEN}", "Bearer abcdef-123"],
    ["${env:TOKEN}${TOKEN}", "abcdef-123abcdef-123"],
    ["${NONE:-x y}", "x y"],
    ["${EMPTY:-x}", "x"],
    ["${workspaceFolder}/a", "/work/a"],
    ["a ${secret:mail} b", "a value of ${secret:mail} b"],
    ["$TOKEN {TOKEN} $", "$TOKEN {TOKEN} $"],
    // What comes in is not looked through again.
    ["${TRICK}", "${secret:other}"],
  ])("fills %j", async (text, filled) => {
    expect(await createFiller(values).fill(text)).toBe(filled);
  });

  test.each([
    ["${NONE}", "The environment has no NONE"],
    ["${EMPTY}", "The environment has no EMPTY"],
    ["${input:key}", "${input:key} is not known"],
    ["${a b}", "${a b} is not known"],
  ])("says what it cannot fill in: %j", async (text, reason) => {
    await expect(createFiller(values).fill(text)).rejects.toThrow(reason);
  });

  test("cannot fill in a secret without a vault", async () => {
    const filler = createFiller({ environment, workspace: "/work" });
    await expect(filler.fill("${secret:mail}")).rejects.toThrow("there is no vault here");
  });

  test("takes what it filled in out of texts", async () => {
    const filler = createFiller(values);
    await filler.fill("${TOKEN} ${SHORT} ${workspaceFolder}");
    expect(filler.redact("bad key abcdef-123 in /work, on")).toBe("bad key [secret] in /work, on");
  });
});
