import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { countTests, summaryLine, type Count } from "./test-summary.ts";

// What `npm test` runs: every check, then every test with coverage, then one line that counts them.
// With arguments, only the tests they name: `npm test -- packages/engine/src/domain`.

const CHECK_LIMIT_MS = 3 * 60_000;
const TESTS_LIMIT_MS = 12 * 60_000;
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const BINARIES = join(ROOT, "node_modules", ".bin");

/** Program and the Debian package that brings it. Without them the sandbox tests skip and say so. */
const SYSTEM_PROGRAMS: [string, string][] = [["bwrap", "bubblewrap"]];

const CHECKS: [string, string[]][] = [
  ["format", ["oxfmt", "--check", "."]],
  ["lint", ["oxlint"]],
  ["types", ["tsc", "-p", "tsconfig.json"]],
  ["types of the app", ["tsc", "-p", "packages/web"]],
  ["types of its worker", ["tsc", "-p", "packages/web/service-worker"]],
  ["unused", ["knip", "--no-progress"]],
  ["docs", ["node", "scripts/docs.ts", "--check"]],
];

/** The suite must pass without them, so that nobody's keys are spent and nobody's data is touched. */
const HIDDEN_VARIABLES = /^(BUREAU_|DATABASE_URL$|.*_API_KEY$|(OPENAI|ANTHROPIC|GOOGLE)_)/;

process.exitCode = await main(process.argv.slice(2));

async function main(filters: string[]): Promise<number> {
  prepareSystem();
  let failedChecks = 0;
  if (filters.length === 0)
    for (const [name, command] of CHECKS) if (!(await runCheck(name, command))) failedChecks += 1;

  if (!(await runCheck("app", ["node", "packages/web/scripts/build.ts", "--if-stale"]))) failedChecks += 1;
  const tests = await runTests(filters);
  let failures = failedChecks;
  if (tests.exitCode !== 0 && tests.count.failed === 0) {
    // An error outside of any test, or a coverage floor: it must not end in a line that says "0 failed".
    process.stdout.write("\nEvery test passed, but the run did not: see the errors or the coverage floors above.\n");
    failures += 1;
  }
  process.stdout.write(`\n${summaryLine(tests.count, failures)}\n`);
  return failures + tests.count.failed > 0 ? 1 : 0;
}

/** Installs what is missing when it may, else says how, and goes on. */
function prepareSystem(): void {
  if (process.platform !== "linux") return;
  const missing = SYSTEM_PROGRAMS.filter(([program]) => !isOnPath(program)).map(([, name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && isOnPath("apt-get")) {
    const setup = spawnSync("bash", [join(ROOT, "scripts", "setup.sh"), ...missing], { stdio: "inherit" });
    if (setup.status === 0) return;
  }
  process.stdout.write(
    `Not installed: ${missing.join(", ")}. Tests that need them are skipped. ` +
      `To install: sudo apt-get install -y ${missing.join(" ")}\n`,
  );
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function runCheck(name: string, command: string[]): Promise<boolean> {
  const started = performance.now();
  const { exitCode, output } = await run(command, { limitMs: CHECK_LIMIT_MS, show: false });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${exitCode === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)\n`);
  if (exitCode !== 0) process.stdout.write(`${output.trimEnd()}\n\n`);
  return exitCode === 0;
}

async function runTests(filters: string[]): Promise<{ exitCode: number; count: Count }> {
  const folder = mkdtempSync(join(tmpdir(), "bureau-report-"));
  const reportPath = join(folder, "report.json");
  try {
    const command = ["vitest", "run", "--reporter=dot", "--reporter=json", `--outputFile.json=${reportPath}`];
    if (filters.length === 0) command.push("--coverage");
    const { exitCode } = await run([...command, ...filters], { limitMs: TESTS_LIMIT_MS, show: true });
    return { exitCode, count: countTests(readReport(reportPath), ROOT) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Runs a program of the repository to its end; after the limit it and its children are ended. */
function run(
  [program = "", ...args]: string[],
  options: { limitMs: number; show: boolean },
): Promise<{ exitCode: number; output: string }> {
  const path = program === "node" ? process.execPath : join(BINARIES, program);
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !HIDDEN_VARIABLES.test(name)));
  return new Promise((resolve) => {
    const child = spawn(path, args, {
      cwd: ROOT,
      env: { ...environment, NO_COLOR: "1", PATH: `${BINARIES}${delimiter}${process.env.PATH ?? ""}` },
      stdio: ["ignore", options.show ? "inherit" : "pipe", options.show ? "inherit" : "pipe"],
      detached: true,
    });
    const output: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => output.push(chunk));
    const endAll = (signal: NodeJS.Signals): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal);
    };
    const onInterrupt = (): void => endAll("SIGINT");
    process.on("SIGINT", onInterrupt);
    const timer = setTimeout(() => {
      process.stderr.write(`${program} did not end in ${options.limitMs / 60_000} minutes and was ended.\n`);
      endAll("SIGKILL");
    }, options.limitMs);
    const finish = (exitCode: number, words = ""): void => {
      clearTimeout(timer);
      process.off("SIGINT", onInterrupt);
      resolve({ exitCode, output: Buffer.concat(output).toString("utf8") + words });
    };
    child.on("error", (error) => finish(1, `${program} could not be started: ${error.message}. Run npm ci first.\n`));
    child.on("close", (code) => finish(code ?? 1));
  });
}
