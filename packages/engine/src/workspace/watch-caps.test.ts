import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NO_CAPS } from "../domain/caps.ts";
import { capsOfWorkspace } from "./watch-caps.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bureau-caps-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("caps that a person changes hold from the next look, and a broken file changes nothing", async () => {
  const log: string[] = [];
  const write = (text: string) => writeFile(join(folder, "bureau.yaml"), text);
  const caps = capsOfWorkspace(folder, NO_CAPS, (_level, message) => log.push(message));
  expect(caps.current()).toBe(null);
  expect(await caps.reload()).toBe(null);
  await write("caps: { day: { runs: 2 } }\n");
  expect(await caps.reload()).toMatchObject({ workspace: { day: { runs: 2 } } });
  await write("caps: { day: { runs: none } }\n");
  expect(await caps.reload()).toMatchObject({ workspace: { day: { runs: 2 } } });
  expect(log).toEqual([expect.stringContaining("caps.day.runs cannot be")]);
  expect(await caps.reload()).toBe(caps.current());
  expect(log).toHaveLength(1);
  await write("caps:\n");
  expect(await caps.reload()).toBe(null);
});
