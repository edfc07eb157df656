import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { coverInside, homeInSystem } from "./hidden-paths.ts";

describe("what covers hidden paths", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(`${realpathSync(tmpdir())}/bureau-hidden-`);
    for (const name of ["a", "a/b", "ab"]) mkdirSync(`${root}/${name}`);
    writeFileSync(`${root}/key`, "");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test("lies where the folder is seen, and not where it really is", () => {
    expect(coverInside("/seen", root, [`${root}/a`, `${root}/key`, "/etc/passwd"])).toEqual({
      mounts: ["--tmpfs", "/seen/a", "--ro-bind", "/dev/null", "/seen/key"],
      folders: ["/seen/a"],
    });
  });

  test("is made once for what lies in one another, and not for names that begin alike", () => {
    expect(coverInside(root, root, [`${root}/a/b`, `${root}/a`, `${root}/ab`, `${root}/a`]).folders).toEqual([
      `${root}/a`,
      `${root}/ab`,
    ]);
    expect(coverInside(`${root}/a`, `${root}/a`, [`${root}/ab`]).folders).toEqual([]);
  });

  test("is made for a home inside a part of the system that is seen, and for no part of the system itself", () => {
    expect(homeInSystem("/opt/service")).toEqual(["/opt/service"]);
    for (const home of ["/opt", "/usr/sbin", "/", "/home/a", "/root"]) expect(homeInSystem(home)).toEqual([]);
  });
});
