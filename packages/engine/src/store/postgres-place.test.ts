import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { chmod, chown, cp, mkdir, mkdtemp, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { startInProcess } from "../testing/start-postgres.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { isRoot, serverAccount } from "./postgres-account.ts";
import { findBinaries } from "./postgres-binaries.ts";
import { isReachable, preparePlace, prepareSocketFolder } from "./postgres-place.ts";
import { isAlive, isServerOf, readPostmasterFile } from "./postgres-process.ts";

const NOBODY = 65534;
const PACKAGE = dirname(
  dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
);
const root = await realpath(await mkdtemp(join(tmpdir(), "bureau-place-")));
await chmod(root, 0o755);
const outside: string[] = [];

afterEach(async () => {
  for (const folder of outside.splice(0)) await rm(folder, { recursive: true, force: true });
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("a place", () => {
  test("is the same for the same folder, and another for another", async () => {
    const first = await preparePlace(join(root, "same"));
    expect(await preparePlace(join(root, "same", "."))).toEqual(first);
    expect((await preparePlace(join(root, "other"))).socketFolder).not.toBe(first.socketFolder);
  });

  test("has a socket folder that is made for its user alone", async () => {
    const place = await preparePlace(join(root, "socket"));
    outside.push(place.socketFolder);
    await prepareSocketFolder(place);
    await prepareSocketFolder(place);
    const made = await stat(place.socketFolder);
    expect(made.mode & 0o777).toBe(0o700);
    expect(made.uid).toBe(place.account?.userId ?? process.getuid?.());
  });

  test("is refused while its socket folder is open to others", async () => {
    const place = await preparePlace(join(root, "open"));
    outside.push(place.socketFolder);
    await prepareSocketFolder(place);
    await chmod(place.socketFolder, 0o777);
    await expect(prepareSocketFolder(place)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(place.socketFolder),
      hint: expect.stringContaining("ls -ld"),
    });
  });
});

describe.skipIf(!isRoot())("as root", () => {
  test("a socket folder that someone else made first is refused", async () => {
    const place = await preparePlace(join(root, "taken"));
    outside.push(place.socketFolder);
    await mkdir(place.socketFolder, { mode: 0o700 });
    await chown(place.socketFolder, NOBODY, NOBODY);
    await expect(prepareSocketFolder(place)).rejects.toMatchObject({
      message: expect.stringContaining("belongs to someone else"),
    });
  });

  test("the server runs as a user without rights", async () => {
    const folder = join(root, "root-server");
    const server = await startEmbeddedPostgres({ dataFolder: folder, log: ignore, settings: { fsync: "off" } });
    const { cluster, account } = await preparePlace(folder);
    expect(await isServerOf(server.processId, cluster)).toBe(true);
    expect((await stat(`/proc/${server.processId}`)).uid).toBe(account?.userId);
    expect(account?.userId).toBeGreaterThan(0);
    await server.stop("fast");
  });

  test("a database in a closed folder is kept elsewhere, is found again, and follows the folder", async () => {
    const closed = join(root, "closed");
    await mkdir(closed, { mode: 0o700 });
    const server = await startEmbeddedPostgres({
      dataFolder: join(closed, "data"),
      log: ignore,
      settings: { fsync: "off" },
    });
    const { folder } = await preparePlace(join(closed, "data"));
    outside.push(folder);
    expect(server.state).toBe("created");
    expect(folder).toMatch(/^\/var\/lib\/bureau\/data\//);
    expect(await readFile(join(closed, "data", "database-is-elsewhere.json"), "utf8")).toContain(folder);
    await server.stop("fast");

    await rename(closed, join(root, "moved"));
    const again = await startEmbeddedPostgres({
      dataFolder: join(root, "moved", "data"),
      log: ignore,
      settings: { fsync: "off" },
    });
    expect(again.state).toBe("started");
    await again.stop("fast");
  });

  test("a copy of a closed folder does not share the original's database", async () => {
    const original = join(root, "original");
    await mkdir(original, { mode: 0o700 });
    const first = await preparePlace(join(original, "data"));
    await cp(original, join(root, "copy"), { recursive: true });
    await chmod(join(root, "copy"), 0o700);
    const second = await preparePlace(join(root, "copy", "data"));
    outside.push(first.folder, second.folder);
    expect(second.folder).not.toBe(first.folder);
    expect((await preparePlace(join(root, "copy", "data"))).folder).toBe(second.folder);
    expect((await preparePlace(join(original, "data"))).folder).toBe(first.folder);
  });

  test("binaries in a closed folder are copied once to where the server's user can run them", async () => {
    const account = await serverAccount();
    const packageFolder = join(root, "closed-package");
    await mkdir(packageFolder, { mode: 0o700 });
    await cp(PACKAGE, packageFolder, { recursive: true, verbatimSymlinks: true });
    await chmod(packageFolder, 0o700);
    const options = { account, packageFolder, copyFolder: join(root, "copies") };
    expect(await isReachable(join(packageFolder, "native"), account)).toBe(false);
    const [one, two] = await Promise.all([findBinaries(options), findBinaries(options)]);
    expect(one).toEqual(two);
    expect(one.postgres.startsWith(options.copyFolder)).toBe(true);
    expect(versionAs(account.userId, one.postgres)).toMatch(/^postgres \(PostgreSQL\) 18/);
  });

  test("a full disk is said in words, and the same folder works once there is room", async ({ skip }) => {
    const disk = join(root, "disk");
    await mkdir(disk);
    if (!mount(disk, "20m")) return skip("no file system can be mounted here");
    try {
      await chmod(disk, 0o755);
      await expect(
        startEmbeddedPostgres({ dataFolder: join(disk, "data"), log: ignore, settings: { fsync: "off" } }),
      ).rejects.toMatchObject({
        code: "unavailable",
        message: `The disk that holds ${join(disk, "data")} is full, so the database cannot work.`,
        hint: expect.stringContaining("Free some space"),
      });
      execFileSync("mount", ["-o", "remount,size=400m", disk]);
      const server = await startEmbeddedPostgres({
        dataFolder: join(disk, "data"),
        log: ignore,
        settings: { fsync: "off" },
      });
      expect(server.state).toBe("created");
      await server.stop("fast");
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  });
});

describe.skipIf(!isRoot() || !canBeRunByOthers())("as an ordinary user", () => {
  const user = { userId: NOBODY, groupId: NOBODY };

  test("everything is kept in the data folder, and a second start attaches", async () => {
    const home = join(root, "home");
    await mkdir(home, { mode: 0o700 });
    await chown(home, NOBODY, NOBODY);
    const first = await startInProcess(join(home, "data"), user);
    expect(first.report).toMatchObject({ state: "created" });
    const second = await startInProcess(join(home, "data"), user);
    expect(second.report).toMatchObject({ state: "attached", processId: first.report.processId });
    const cluster = join(home, "data", "cluster");
    expect((await stat(cluster)).uid).toBe(NOBODY);
    const file = await readPostmasterFile(cluster);
    process.kill(file?.processId ?? 0, "SIGINT");
    while (isAlive(file?.processId ?? 0)) await systemClock.sleep(5);
    outside.push(file?.socketFolder ?? "");
  });

  test("a folder that cannot be written to is said in words", async () => {
    const folder = join(root, "not-mine");
    await mkdir(folder);
    const { report } = await startInProcess(join(folder, "data"), user);
    expect(report).toMatchObject({
      code: "unavailable",
      message: `The database folder ${join(folder, "data")} cannot be written to.`,
      hint: expect.stringContaining("BUREAU_DATA"),
    });
  });

  test("a package whose links cannot be made in place is copied into the data folder", async () => {
    const packageFolder = join(root, "read-only-package");
    await cp(PACKAGE, packageFolder, { recursive: true, filter: (path) => !path.endsWith("libicuuc.so.60") });
    await chmod(join(packageFolder, "native", "lib"), 0o555);
    const copyFolder = join(root, "user-copies");
    await mkdir(copyFolder);
    await chown(copyFolder, NOBODY, NOBODY);
    const binaries = asNobody(packageFolder, copyFolder);
    expect(binaries.startsWith(copyFolder)).toBe(true);
    expect(versionAs(NOBODY, binaries)).toMatch(/PostgreSQL\) 18/);
  });
});

describe("a missing package", () => {
  test("is said with what to do", async () => {
    const options = { account: undefined, copyFolder: root, packageFolder: join(root, "nothing") };
    await expect(findBinaries(options)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("is not installed"),
      hint: expect.stringContaining("DATABASE_URL"),
    });
  });
});

function versionAs(userId: number, program: string): string {
  return execFileSync(program, ["--version"], { uid: userId, cwd: "/", encoding: "utf8" });
}

/** Finds the binaries in a process of an ordinary user. */
function asNobody(packageFolder: string, copyFolder: string): string {
  const source = `
    import { findBinaries } from ${JSON.stringify(new URL("./postgres-binaries.ts", import.meta.url).href)};
    const { postgres } = await findBinaries(${JSON.stringify({ packageFolder, copyFolder })});
    process.stdout.write(postgres);`;
  const options = { uid: NOBODY, gid: NOBODY, cwd: "/", encoding: "utf8" } as const;
  return execFileSync(process.execPath, ["--input-type=module", "-e", source], options);
}

function mount(folder: string, size: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Whether another user can read this checkout and run this Node. */
function canBeRunByOthers(): boolean {
  try {
    accessSync(process.execPath, constants.X_OK);
    execFileSync(process.execPath, [new URL(import.meta.url).pathname.replace(/place\.test\.ts$/, "account.ts")], {
      uid: NOBODY,
      gid: NOBODY,
      cwd: "/",
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}

function ignore(): void {}
