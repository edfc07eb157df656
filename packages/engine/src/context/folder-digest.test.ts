import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listFolder } from "../workspace/list-folder.ts";
import { folderDigest } from "./folder-digest.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bureau-digest-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("a digest changes with each change of a file and with nothing else", async () => {
  const seen = new Set([await folderDigest(folder)]);
  const isNew = async () => {
    const digest = await folderDigest(folder);
    const before = seen.size;
    seen.add(digest);
    return seen.size > before;
  };
  expect(await isNew()).toBe(false);
  await writeFile(join(folder, "a.txt"), "a");
  expect(await isNew()).toBe(true);
  await writeFile(join(folder, "a.txt"), "ab");
  expect(await isNew()).toBe(true);
  await utimes(join(folder, "a.txt"), 1, 1);
  expect(await isNew()).toBe(true);
  await rename(join(folder, "a.txt"), join(folder, "b.txt"));
  expect(await isNew()).toBe(true);
  await mkdir(join(folder, "sub"));
  expect(await isNew()).toBe(true);
  for (const ignored of [".git", "node_modules", ".bureau"]) {
    await mkdir(join(folder, ignored));
    await writeFile(join(folder, ignored, "x"), "x");
  }
  expect(await isNew()).toBe(false);
});

test("a listing is bounded and does not follow links", async () => {
  await symlink("/", join(folder, "root"));
  for (let index = 0; index < 50; index += 1) await writeFile(join(folder, "sub", `f${index}`), "");
  const all = await listFolder(folder);
  expect(all.cut).toBe(false);
  expect(all.entries.find((entry) => entry.path === "root")?.type).toBe("link");
  expect(all.entries.some((entry) => entry.path.startsWith("root/"))).toBe(false);
  const some = await listFolder(folder, { maxEntries: 10 });
  expect(some.cut).toBe(true);
  expect(some.entries).toHaveLength(10);
  expect(await listFolder(join(folder, "missing"))).toEqual({ entries: [], cut: false });
});
