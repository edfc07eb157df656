import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const START = fileURLToPath(new URL("start.ts", import.meta.url));
const KEYS = /^(ANTHROPIC|OPENAI|GOOGLE)_|^BUREAU_|^DATABASE_URL$/;
const START_MS = 60_000;

let folder: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bureau-start-"));
});

afterAll(async () => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** Starts on a free port without any key, and waits until it says that it stays up. */
async function start(): Promise<{ text: string; url: string; stop: () => Promise<number | null> }> {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !KEYS.test(name)));
  const child = spawn(process.execPath, [START], {
    env: { ...environment, BUREAU_WORKSPACE: join(folder, "sample"), BUREAU_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let text = "";
  await new Promise<void>((resolve, reject) => {
    const onData = (data: Buffer) => {
      text += data.toString();
      if (text.includes("stays up at")) resolve();
    };
    child.stdout.on("data", onData);
    child.stderr.on("data", onData);
    void exited.then((code) => reject(new Error(`npm start ended with ${code}:\n${text}`)));
  });
  const url = /Bureau is up at (\S+),/.exec(text)?.[1] ?? "";
  return {
    text,
    url,
    stop: () => {
      child.kill("SIGINT");
      return exited;
    },
  };
}

test(
  "npm start with no key runs the sample's goal to its checked end, twice shows it, and stays up",
  { timeout: START_MS },
  async () => {
    const first = await start();
    expect(first.text).toContain("This is a rehearsal: the model's words were written by us");
    expect(first.text).toContain("set ANTHROPIC_API_KEY or OPENAI_API_KEY");
    expect(first.text).not.toContain("drift");
    expect(first.text).toContain("~ met in part");
    expect(first.text).toContain("spring-risks: done. Done: every check passed.");
    const report = await readFile(join(folder, "sample", "agents", "writer", "report.md"), "utf8");
    expect(report.match(/^Source: notes\//gm)).toHaveLength(3);
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
    expect(await first.stop()).toBe(0);

    const second = await start();
    expect(second.text).toContain("was reached at an earlier start");
    expect(second.text).toContain("✓ verified");
    expect(await second.stop()).toBe(0);
  },
);
