import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProgram } from "./program.ts";
import { runCommandLine } from "./testing/test-terminal.ts";

const PROGRAM = fileURLToPath(new URL("../bin/bureau.mjs", import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bureau-cli-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function names(command: Command, path: string[] = []): string[][] {
  return command.commands.flatMap((child) => [[...path, child.name()], ...names(child, [...path, child.name()])]);
}

const COMMANDS = names(
  createProgram({
    terminal: {
      argv: [],
      environment: {},
      folder: "/",
      out: () => undefined,
      err: () => undefined,
      readSecret: async () => "",
      columns: null,
      color: false,
      now: () => 0,
      onInterrupt: () => () => undefined,
    },
    exitCode: 0,
  }),
);

describe("a command line", () => {
  test.each(COMMANDS.map((path) => [path.join(" ")]))("%s --help has an example", async (path) => {
    const { code, out } = await runCommandLine([...path.split(" "), "--help"], { folder });
    expect(code).toBe(0);
    expect(out).toContain("Example:\n  bureau ");
  });

  test("without anything is answered by the help", async () => {
    const { code, out } = await runCommandLine([], { folder });
    expect(code).toBe(0);
    expect(out).toMatch(/Start:[\s\S]*Work:[\s\S]*Decisions:[\s\S]*Care:/);
  });

  test.each([
    [["gaol"], "Unknown command 'gaol'.\n  Did you mean goal?\n"],
    [["goal", "lst"], "Unknown command 'lst'.\n  Did you mean list?\n"],
    [["goal", "list", "--jsn"], "Unknown option '--jsn'.\n  Did you mean --json?\n"],
    [["goal", "show"], "Missing required argument 'goal'.\n"],
  ])("with a mistake ends with 2 and the nearest name: %j", async (argv, message) => {
    expect(await runCommandLine(argv, { folder })).toMatchObject({ code: 2, out: "", err: message });
  });

  test.each([
    [["goal", "add", "x", "--budget-turns", "0"]],
    [["goal", "add", "x", "--budget-money", "much"]],
    [["goal", "add", "x", "--effort", "huge"]],
    [["run"]],
    [["run", "x", "--agent", "a", "--cwd", "."]],
    [["init", "--template", "none"]],
  ])("with a value that cannot be ends with 2: %j", async (argv) => {
    const { code, out, err } = await runCommandLine(argv, { folder });
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).not.toBe("");
  });

  test("where no server is up ends with 1 and says how to start it", async () => {
    const { code, err } = await runCommandLine(["goal", "list"], { folder });
    expect(code).toBe(1);
    expect(err).toContain(`bureau up --workspace ${folder}`);
  });
});

describe("the program", () => {
  test.each([
    [["--version"], 0],
    [["nonsense"], 2],
  ])("ends with the command's exit code: %j", async (argv, expected) => {
    const child = spawn(process.execPath, [PROGRAM, ...argv], { cwd: folder, stdio: "ignore" });
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect(code).toBe(expected);
  });
});
