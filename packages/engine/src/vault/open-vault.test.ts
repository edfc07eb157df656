import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { MAX_SECRETS, openVault, SECRETS_FILE, type VaultParts } from "./open-vault.ts";
import type { KeyPlace } from "./vault-key.ts";
import { type KeptSecret, resolveSecrets } from "./vault.ts";

const VALUE = "ghp_5up3rS3cretV4lue";

let base = "";
let folder = "";
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "bureau-vault-"));
  folder = join(base, "vault");
});
afterEach(() => rm(base, { recursive: true, force: true }));

function vaultOf(part: Partial<VaultParts> = {}) {
  return openVault({ folder, key: { type: "own" }, clock: systemClock, ...part });
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe("a vault", () => {
  test("gives a value to who asks by name, and is empty before its first secret", async () => {
    const vault = vaultOf();
    expect(await vault.get("GITHUB_TOKEN")).toBeNull();
    expect(await vault.values()).toEqual([]);
    await vault.set("GITHUB_TOKEN", VALUE);
    await vault.set("ANOTHER_ONE", "line one\nline two\n");
    expect(await vault.get("GITHUB_TOKEN")).toBe(VALUE);
    expect(await vaultOf().get("ANOTHER_ONE")).toBe("line one\nline two\n");
    expect(await vaultOf().names()).toEqual(["ANOTHER_ONE", "GITHUB_TOKEN"]);
    expect(JSON.stringify(await vaultOf().list())).not.toContain(VALUE);
  });

  test("is on disk encrypted, in files that are its owner's alone", async () => {
    await vaultOf().set("GITHUB_TOKEN", VALUE);
    expect(await modeOf(folder)).toBe(0o700);
    expect((await readdir(folder)).toSorted()).toEqual(["key", SECRETS_FILE]);
    for (const name of await readdir(folder)) {
      expect(await modeOf(join(folder, name))).toBe(0o600);
      const text = await readFile(join(folder, name), "latin1");
      expect(text).not.toContain(VALUE);
      expect(text).not.toContain("GITHUB_TOKEN");
    }
  });

  test("forgets a secret that is removed, and says whether there was one", async () => {
    const vault = vaultOf();
    await vault.set("GITHUB_TOKEN", VALUE);
    expect(await vault.remove("GITHUB_TOKEN")).toBe(true);
    expect(await vault.remove("GITHUB_TOKEN")).toBe(false);
    expect(await vaultOf().get("GITHUB_TOKEN")).toBeNull();
  });

  test("says what it holds before anybody is given a value, also after another process wrote it", async () => {
    const heard: KeptSecret[] = [];
    const reader = vaultOf({ onRead: (secrets) => heard.push(...secrets) });
    expect(await reader.get("GITHUB_TOKEN")).toBeNull();
    await vaultOf().set("GITHUB_TOKEN", VALUE);
    expect(await reader.get("GITHUB_TOKEN")).toBe(VALUE);
    expect(heard).toContainEqual({ name: "GITHUB_TOKEN", value: VALUE });
    expect(heard.some(({ value }) => value.startsWith("AGE-SECRET-KEY-1"))).toBe(true);
  });

  test.each([
    ["lower_case", VALUE, "invalid"],
    ["__proto__", VALUE, "invalid"],
    ["A".repeat(65), VALUE, "invalid"],
    ["SHORT", "abc\n\nd", "invalid"],
    ["ZERO", "with a \0 in it", "invalid"],
    ["LARGE", "x".repeat(64 * 1024 + 1), "too_large"],
  ])("refuses %s with what it cannot keep, without repeating it", async (name, value, code) => {
    const error = await vaultOf()
      .set(name, value)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain(value);
  });

  test("has room for so many secrets and no more", async () => {
    const key = "AGE-SECRET-KEY-1";
    const vault = vaultOf();
    await vault.set("FIRST", `${key} is not one`);
    for (let count = 0; count < 15; count += 1) await vault.set(`LARGE_${count}`, `${count}`.padEnd(64 * 1024, "x"));
    await expect(vault.set("LAST", "x".repeat(64 * 1024))).rejects.toMatchObject({ code: "limit_reached" });
    expect(MAX_SECRETS).toBe(1_000);
    expect((await vault.names()).length).toBe(16);
  });
});

describe("the vault's key", () => {
  test.each([
    ["key", 0o640],
    ["key", 0o604],
    [".", 0o750],
  ])("is refused with the command that mends it when %s has mode %o", async (name, mode) => {
    await vaultOf().set("GITHUB_TOKEN", VALUE);
    await chmod(join(folder, name), mode);
    for (const attempt of [() => vaultOf().get("GITHUB_TOKEN"), () => vaultOf().set("OTHER", VALUE)])
      await expect(attempt()).rejects.toMatchObject({ code: "forbidden", hint: expect.stringContaining("chmod") });
    await chmod(join(folder, name), name === "." ? 0o700 : 0o600);
    expect(await vaultOf().get("GITHUB_TOKEN")).toBe(VALUE);
  });

  test("that is missing or another one's opens nothing and writes nothing", async () => {
    await vaultOf().set("GITHUB_TOKEN", VALUE);
    const before = await readFile(join(folder, SECRETS_FILE));
    await rm(join(folder, "key"));
    await expect(vaultOf().get("GITHUB_TOKEN")).rejects.toMatchObject({ code: "not_found" });
    await expect(vaultOf().set("OTHER", VALUE)).rejects.toMatchObject({ code: "not_found" });
    const { generateIdentity } = await import("age-encryption");
    await writeFile(join(folder, "key"), await generateIdentity(), { mode: 0o600 });
    await expect(vaultOf().set("OTHER", VALUE)).rejects.toMatchObject({ code: "invalid" });
    expect(await readFile(join(folder, SECRETS_FILE))).toEqual(before);
  });

  test("comes from the environment, a file or a command, and is then not in the folder", async () => {
    const { generateIdentity } = await import("age-encryption");
    const key = await generateIdentity();
    const path = join(base, "container-key");
    await writeFile(path, `# key\n${key}\n`, { mode: 0o444 });
    const places: KeyPlace[] = [
      { type: "given", key },
      { type: "file", path },
      { type: "command", command: `cat '${path}'` },
    ];
    await vaultOf({ key: places[0]! }).set("GITHUB_TOKEN", VALUE);
    expect(await readdir(folder)).toEqual([SECRETS_FILE]);
    for (const place of places) expect(await vaultOf({ key: place }).get("GITHUB_TOKEN")).toBe(VALUE);
    await chmod(path, 0o666);
    await expect(vaultOf({ key: places[1]! }).get("GITHUB_TOKEN")).rejects.toMatchObject({ code: "forbidden" });
  });

  test.each<[KeyPlace, string]>([
    [{ type: "given", key: "nonsense-hunter2" }, "invalid"],
    [{ type: "file", path: "/nowhere/key" }, "not_found"],
    [{ type: "command", command: "echo nonsense-hunter2" }, "invalid"],
    [{ type: "command", command: "echo nonsense-hunter2 >&2; exit 3" }, "unavailable"],
  ])("that cannot be had from %j is said without what was found", async (key, code) => {
    const error = await vaultOf({ key })
      .set("GITHUB_TOKEN", VALUE)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain("hunter2");
  });
});

describe("a write", () => {
  test.each(["locked", "key", "written", "renamed"] as const)(
    "that dies at %s leaves the old vault or the new one",
    async (moment) => {
      const isFirst = moment === "key";
      if (!isFirst) await vaultOf().set("GITHUB_TOKEN", "the old value");
      const dying = vaultOf({
        onWrite: (now) => {
          if (now === moment) throw new Error("died");
        },
      });
      await expect(dying.set("GITHUB_TOKEN", VALUE)).rejects.toThrow("died");
      const before = isFirst ? null : "the old value";
      const found = moment === "renamed" ? VALUE : before;
      expect(await vaultOf().get("GITHUB_TOKEN")).toBe(found);
      expect(await dying.get("GITHUB_TOKEN")).toBe(found);
      await vaultOf().set("AFTER", VALUE);
      expect(await vaultOf().get("GITHUB_TOKEN")).toBe(found);
      expect((await readdir(folder)).toSorted()).toEqual(["key", SECRETS_FILE]);
    },
  );

  test("of several in this process and in others loses none", async () => {
    const source = `
      import { openVault } from ${JSON.stringify(new URL("open-vault.ts", import.meta.url).href)};
      import { systemClock } from ${JSON.stringify(new URL("../clock.ts", import.meta.url).href)};
      const [folder, name] = process.argv.slice(1);
      const vault = openVault({ folder, key: { type: "own" }, clock: systemClock });
      for (let count = 0; count < 5; count += 1) await vault.set(name + count, "value of " + name + count);
    `;
    const run = (name: string) =>
      promisify(execFile)(process.execPath, ["--input-type=module-typescript", "-e", source, folder, name]);
    const here = vaultOf();
    await Promise.all([run("LEFT_"), run("RIGHT_"), ...[0, 1, 2].map((count) => here.set(`HERE_${count}`, VALUE))]);
    expect((await here.names()).length).toBe(13);
    expect(await here.get("RIGHT_4")).toBe("value of RIGHT_4");
  });
});

describe("a reference", () => {
  test("becomes the value, which is not looked at for references again", async () => {
    const vault = vaultOf();
    await vault.set("GITHUB_TOKEN", "${secret:OTHER}-x");
    expect(await resolveSecrets("Bearer ${secret:GITHUB_TOKEN}; ${secret:GITHUB_TOKEN}", vault)).toBe(
      "Bearer ${secret:OTHER}-x; ${secret:OTHER}-x",
    );
    expect(await resolveSecrets("no reference, $1 ${other:X}", vault)).toBe("no reference, $1 ${other:X}");
  });

  test("to what is not there, or is no name, is an error that says how to set it", async () => {
    const vault = vaultOf();
    await expect(resolveSecrets("${secret:NOT_SET}", vault)).rejects.toMatchObject({
      code: "not_found",
      hint: expect.stringContaining("bureau secret set NOT_SET"),
    });
    await expect(resolveSecrets("${secret:not a name}", vault)).rejects.toMatchObject({ code: "invalid" });
  });
});
