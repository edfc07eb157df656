import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createDiskWatch } from "./disk-watch.ts";
import { aSandbox, noSandboxReason, TEST_LIMITS, type TestSandbox } from "./test-sandbox.ts";

const MEGABYTE = 1024 * 1024;

describe.skipIf(noSandboxReason)(`what a command adds to the disk ${noSandboxReason ?? ""}`, () => {
  let box: TestSandbox;
  beforeAll(() => {
    box = aSandbox();
  });
  afterAll(() => box.close());
  const run = (command: string, limits: Partial<typeof TEST_LIMITS> = {}) =>
    box.run(command, { limits: { ...TEST_LIMITS, ...limits } });

  test("is bounded over many files, each of which is small enough", async () => {
    const result = await run("for i in $(seq 1 60); do head -c 8000000 /dev/zero > part$i; done; rm part*; sleep 20", {
      diskBytes: 64 * MEGABYTE,
    });
    expect(result).toMatchObject({ exitCode: null, signal: "SIGKILL", limit: "disk" });
    await run("rm -f part*");
  });

  test("is bounded by the number of files", async () => {
    const result = await run(`mkdir many; perl -e 'for (1..30000) { open F, ">", "many/$_" or die $!; } sleep 20'`, {
      diskFiles: 3000,
    });
    expect(result).toMatchObject({ limit: "files" });
    await run("rm -rf many");
  });

  test("is bounded for files in memory too, in number and in size", async () => {
    const many = await run(`perl -e 'for (1..30000) { open F, ">", "/tmp/$_" or die $!; } sleep 20'`, {
      diskFiles: 3000,
    });
    expect(many).toMatchObject({ limit: "files" });
    const { output } = await run(
      "for i in $(seq 1 20); do head -c 8000000 /dev/zero > /dev/shm/$i || break; done; df --output=size -k /tmp /dev/shm | tail -n 2 | tr -d ' '",
    );
    expect(output).toMatch(/No space left/);
    expect(output.trim().split("\n").slice(-2)).toEqual([String(512 * 1024), String(64 * 1024)]);
  });

  test("a file that is mostly a hole, or set aside at once, is held to the size of a file", async () => {
    const { output } = await run("truncate -s 1T hole; echo $?; fallocate -l 1T full; echo $?; stat -c %s hole full");
    expect(output.match(/^153$/gm)).toHaveLength(2);
    expect(output).toMatch(/\n0\n0\n$/);
  });
});

describe("a look at the disk", () => {
  const limits = { diskBytes: 4 * MEGABYTE, diskFiles: 1000 };
  let root: string;
  const write = (path: string) => writeFileSync(`${root}/${path}`, randomBytes(24 * MEGABYTE));
  beforeEach(() => {
    root = mkdtempSync(`${realpathSync(tmpdir())}/bureau-disk-`);
    for (const name of ["folder", "folder/hidden", "elsewhere"]) mkdirSync(`${root}/${name}`);
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const watch = (since: number) =>
    createDiskWatch({ folder: `${root}/folder`, hidden: [`${root}/folder/hidden`], limits, since });

  test("finds what was written into the folder", async () => {
    const own = watch(0);
    expect(await own.look(null)).toBeNull();
    write("folder/new");
    expect(await own.look(null)).toBe("disk");
  });

  test("does not count what others write elsewhere, and what the command does not see", async () => {
    const own = watch(0);
    await own.look(null);
    write("elsewhere/a");
    write("folder/hidden/database");
    symlinkSync(`${root}/elsewhere`, `${root}/folder/link`);
    expect(await own.look(null)).toBeNull();
    write("folder/new");
    expect(await own.look(null)).toBe("disk");
  });

  test("does not count what was there before the command", async () => {
    write("folder/old");
    const own = watch(Date.now() + 60_000);
    await own.look(null);
    write("elsewhere/a");
    expect(await own.look(null)).toBeNull();
  });
});
