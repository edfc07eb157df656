import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { brokenBoundary } from "./boundaries.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** File, import, and a word of the sentence that refuses it. */
const REFUSED: [string, string, string][] = [
  ["packages/protocol/src/run.ts", "node:fs", "only zod"],
  ["packages/protocol/src/run.ts", "@bureau/engine", "only zod"],
  ["packages/engine/src/engine.ts", "hono", "servers"],
  ["packages/engine/src/engine.ts", "@bureau/server", "servers"],
  ["packages/engine/src/engine.ts", "../../server/src/main.ts", "servers"],
  ["packages/engine/src/domain/budget.ts", "node:fs", "data alone"],
  ["packages/engine/src/domain/budget.ts", "pg", "data alone"],
  ["packages/engine/src/domain/budget.ts", "../store/database.ts", "data alone"],
  ["packages/engine/src/tools/read-file.ts", "../sandbox/local.ts", "Adapters"],
  ["packages/engine/src/tools/files/read-file.ts", "../../sandbox/local.ts", "Adapters"],
  ["packages/engine/src/models/openai.ts", "../loop/drive-run.ts", "never the other way"],
  ["packages/engine/src/store/blobs.ts", "../commands/start-run.ts", "store"],
  ["packages/engine/src/commands/start-run.ts", "../loop/drive-run.ts", "command"],
  ["packages/server/src/main.ts", "@bureau/cli", "Clients"],
  ["packages/web/src/app.ts", "@bureau/engine", "client"],
  ["packages/web/src/app.ts", "node:fs", "client"],
  ["packages/cli/src/goal.ts", "@bureau/server", "local commands"],
  ["packages/cli/src/local/up.ts", "@bureau/engine", "protocol's client"],
];

const ALLOWED: [string, string][] = [
  ["packages/protocol/src/run.ts", "zod"],
  ["packages/protocol/src/run.ts", "./ids.ts"],
  ["packages/protocol/src/run.test.ts", "vitest"],
  ["packages/engine/src/domain/budget.ts", "@bureau/protocol"],
  ["packages/engine/src/domain/budget.test.ts", "fast-check"],
  ["packages/engine/src/tools/read-file.ts", "../sandbox/sandbox.ts"],
  ["packages/engine/src/tools/read-file.ts", "node:fs"],
  ["packages/engine/src/tools/run-command.test.ts", "../sandbox/local.ts"],
  ["packages/engine/src/loop/call-tool.ts", "../tools/read-file.ts"],
  ["packages/server/src/main.ts", "@bureau/engine"],
  ["packages/server/src/main.test.ts", "../../engine/src/testing/test-database.ts"],
  ["packages/cli/src/local/up.ts", "@bureau/server"],
];

describe("boundaries", () => {
  test.each(REFUSED)("%s may not import %s", (file, specifier, words) => {
    expect(brokenBoundary(file, specifier, false)).toContain(words);
  });

  test.each(ALLOWED)("%s may import %s", (file, specifier) => {
    expect(brokenBoundary(file, specifier, false)).toBeNull();
  });

  test("the domain may import the types of a contract, and not its values", () => {
    const [file, contract] = ["packages/engine/src/domain/model-input.ts", "../models/model.ts"];
    expect(brokenBoundary(file, contract, true)).toBeNull();
    expect(brokenBoundary(file, contract, false)).toContain("data alone");
  });
});

describe("the linter", () => {
  let folder: string;
  let report: string;

  /** Each file breaks one rule; the text is what the report says of it. */
  const BAD_FILES: Record<string, { text: string; refusal: string }> = {
    "packages/engine/src/domain/bad-import.ts": {
      text: 'import { readFileSync } from "node:fs";\nexport const text = readFileSync("x", "utf8");\n',
      refusal: "The domain decides from data alone",
    },
    "packages/engine/src/bad-lazy-import.ts": {
      text: 'export const load = () => import("hono");\n',
      refusal: "The engine knows nothing of servers",
    },
    "packages/engine/src/bad-export.ts": {
      text: 'export * from "@bureau/server";\n',
      refusal: "knows nothing of servers",
    },
    "packages/engine/src/bad-date.ts": {
      text: "export const time = new Date();\n",
      refusal: "bureau(no-current-date)",
    },
    "packages/engine/src/bad-now.ts": {
      text: "export const time = Date.now();\n",
      refusal: "'Date.now' is restricted",
    },
    "packages/engine/src/bad-random.ts": {
      text: "export const n = Math.random();\n",
      refusal: "'Math.random' is restricted",
    },
    "packages/engine/src/bad-environment.ts": {
      text: "export const home = process.env.HOME;\n",
      refusal: "'process.env' is restricted",
    },
    "packages/engine/src/bad-environment-import.ts": {
      text: 'export { env } from "node:process";\nimport { env } from "node:process";\nexport const home = env["HOME"];\n',
      refusal: "no-restricted-imports",
    },
    "packages/engine/src/bad-default.ts": { text: "export default 1;\n", refusal: "no-default-export" },
    "packages/engine/src/bad-any.ts": { text: "export const value: any = 1;\n", refusal: "no-explicit-any" },
    "packages/engine/src/bad-catch.ts": {
      text: "export function run(work: () => void): void {\n  try {\n    work();\n  } catch {}\n}\n",
      refusal: "eslint(no-empty)",
    },
    "packages/engine/src/bad-promise.ts": {
      text: "export function run(work: () => Promise<void>): void {\n  work();\n}\n",
      refusal: "no-floating-promises",
    },
    "packages/engine/src/bad-length.ts": { text: "// A line.\n".repeat(501), refusal: "max-lines" },
    "packages/engine/src/bad-function.ts": {
      text: `export function run(n: number): number {\n${"  n += 1;\n".repeat(80)}  return n;\n}\n`,
      refusal: "max-lines-per-function",
    },
    "packages/engine/src/bad-only.test.ts": {
      text: 'import { test } from "vitest";\ntest.only("x", () => {});\n',
      refusal: "no-focused-tests",
    },
    "packages/engine/src/bad-circle-1.ts": {
      text: 'import { b } from "./bad-circle-2.ts";\nexport const a = (): number => b();\n',
      refusal: "no-cycle",
    },
    "packages/engine/src/bad-circle-2.ts": {
      text: 'import { a } from "./bad-circle-1.ts";\nexport const b = (): number => a();\n',
      refusal: "no-cycle",
    },
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bureau-lint-"));
    for (const path of [".oxlintrc.json", "tsconfig.json", "scripts/lint/boundaries.ts", "scripts/lint/house-rules.ts"])
      await cp(join(ROOT, path), join(folder, path));
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    for (const [path, { text }] of Object.entries(BAD_FILES)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    report = await lint(folder);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(Object.entries(BAD_FILES))("refuses %s", (path, { refusal }) => {
    const ofFile = report.split("\n").filter((line) => line.startsWith(`${path}:`));
    expect(ofFile.join("\n")).toContain(refusal);
  });
});

/** One line a problem: `path:line:column: message [severity/rule]`. */
function lint(folder: string): Promise<string> {
  const linter = join(ROOT, "node_modules", "oxlint", "bin", "oxlint");
  return new Promise((resolve) => {
    execFile(process.execPath, [linter, "--format=unix", "packages"], { cwd: folder }, (_failed, stdout) =>
      resolve(stdout),
    );
  });
}
