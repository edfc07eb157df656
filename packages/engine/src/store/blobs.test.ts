import { mkdir, mkdtemp, open, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { openBlobs } from "./blobs.ts";
import type { Blobs, StoredBlob } from "./blobs.ts";
import { isDiskFull } from "./database.ts";

const HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const root = await mkdtemp(join(tmpdir(), "bureau-blobs-"));
let folder: string;
let blobs: Blobs;

beforeEach(async () => {
  folder = await mkdtemp(join(root, "case-"));
  blobs = openBlobs({ folder, maxBytes: 100_000 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("put and get", () => {
  test("content is named by its SHA-256", async () => {
    expect(await blobs.put("hello")).toBe(HELLO);
    expect(Buffer.from(await blobs.get(HELLO)).toString()).toBe("hello");
  });

  test("any bytes come back as they went in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (bytes) => {
        expect(Buffer.from(await blobs.get(await blobs.put(bytes))).equals(bytes)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("the same content at once by many is stored once and leaves nothing half-written", async () => {
    const hashes = await Promise.all(Array.from({ length: 20 }, () => blobs.put("hello")));
    expect(new Set(hashes)).toEqual(new Set([HELLO]));
    expect(await listed()).toMatchObject([{ hash: HELLO, bytes: 5 }]);
    expect(await readdir(join(folder, "incoming"))).toEqual([]);
  });

  test("content over the limit is refused", async () => {
    await expect(blobs.put("x".repeat(100_001))).rejects.toMatchObject({ code: "too_large" });
  });

  test("a damaged file is noticed, and cut content is written again by the next put", async () => {
    await blobs.put("hello");
    const path = join(folder, "2c", "f2", HELLO);
    await writeFile(path, "hullo");
    await expect(blobs.get(HELLO)).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining("damaged"),
    });
    await writeFile(path, "he");
    await blobs.put("hello");
    expect(Buffer.from(await blobs.get(HELLO)).toString()).toBe("hello");
  });

  test("a missing blob is not found, and what is no hash is no path", async () => {
    await expect(blobs.get(HELLO)).rejects.toMatchObject({ code: "not_found" });
    await expect(blobs.get("../../etc/passwd")).rejects.toMatchObject({ code: "invalid" });
    await expect(blobs.remove("..")).rejects.toMatchObject({ code: "invalid" });
  });

  test("a folder that is a file gives an error and no hash", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(openBlobs({ folder: join(folder, "file") }).put("hello")).rejects.toThrow("ENOTDIR");
  });

  test("a full disk is told from other failures, through any number of causes", async ({ skip }) => {
    // Linux answers every write to this file as a full disk would.
    const full = await open("/dev/full", "w").catch(() => undefined);
    if (!full) return skip("this system has no /dev/full");
    const error: unknown = await full.writeFile("x").catch((failure: unknown) => failure);
    await full.close();
    expect(isDiskFull(error)).toBe(true);
    expect(isDiskFull(new Error("storing failed", { cause: error }))).toBe(true);
    expect(isDiskFull(new Error("storing failed"))).toBe(false);
  });
});

describe("retention", () => {
  test("a removed blob is gone, and removing it again is fine", async () => {
    await blobs.put("hello");
    await blobs.remove(HELLO);
    await blobs.remove(HELLO);
    expect(await listed()).toEqual([]);
  });

  test("putting content again counts as new", async () => {
    await blobs.put("hello");
    await utimes(join(folder, "2c", "f2", HELLO), 1, 1);
    expect((await listed())[0]?.putAt).toBe(1000);
    await blobs.put("hello");
    expect((await listed())[0]?.putAt).toBeGreaterThan(1_700_000_000_000);
  });

  test("listing clears what a crash left behind an hour ago and nothing younger", async () => {
    await mkdir(join(folder, "incoming"));
    await writeFile(join(folder, "incoming", "old"), "half");
    await writeFile(join(folder, "incoming", "new"), "half");
    await utimes(join(folder, "incoming", "old"), 1, 1);
    expect(await listed()).toEqual([]);
    expect(await readdir(join(folder, "incoming"))).toEqual(["new"]);
  });

  test("a folder that was never written to is empty", async () => {
    blobs = openBlobs({ folder: join(folder, "never") });
    expect(await listed()).toEqual([]);
  });
});

async function listed(): Promise<StoredBlob[]> {
  const all: StoredBlob[] = [];
  for await (const blob of blobs.list()) all.push(blob);
  return all;
}
