#!/usr/bin/env node
// Plain JavaScript that any Node can read: it finds the right Node, and hands over what only a program may read.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED = [24, 15];
/** What still holds the process open so long after the command has ended is cut off. */
const LEAVE_MS = 3_000;
const LAUNCHED = "BUREAU_LAUNCHED";

const self = realpathSync(fileURLToPath(import.meta.url));

if (isNewEnough(process.versions.node)) await start();
else launch();

async function start() {
  if (process.env[LAUNCHED] === "1") {
    delete process.env[LAUNCHED];
    // The launcher stands for this process: when it is killed, so are we.
    process.once("disconnect", endAtOnce);
    process.channel?.unref();
  }
  if (process.env.NODE_COMPILE_CACHE === undefined) module.enableCompileCache(cacheFolder());
  const { main, processTerminal } = await import("../src/main.ts");
  const terminal = processTerminal({
    argv: process.argv.slice(2),
    environment: process.env,
    now: () => Date.now(),
  });
  process.exitCode = await main(terminal);
  process.off("disconnect", endAtOnce);
  if (process.connected) process.disconnect();
  setTimeout(() => process.exit(), LEAVE_MS).unref();
}

function endAtOnce() {
  process.kill(process.pid, "SIGKILL");
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(base, "bureau", "compiled");
}

/** Runs the same command line under the Node that the dependency `node` brings. */
function launch() {
  const node = findNode();
  if (node === null) {
    process.stderr.write(
      `Bureau needs Node ${NEEDED.join(".")} or newer; this is ${process.versions.node}.\n` +
        `  Run \`npm ci\` in ${dirname(dirname(dirname(dirname(self))))}, which brings one, or install it from nodejs.org.\n`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [self, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, [LAUNCHED]: "1" },
  });
  const atTerminal = process.stdin.isTTY === true;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // A terminal sends its interrupt to both; sent on, it would count twice.
    process.on(signal, () => (signal === "SIGINT" && atTerminal) || child.kill(signal));
  }
  child.on("error", (error) => {
    process.stderr.write(`The Node at ${node} cannot be started: ${error.message}.\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

function findNode() {
  for (let folder = dirname(self); ; folder = dirname(folder)) {
    const node = join(folder, "node_modules", "node", "bin", "node");
    if (existsSync(node)) return node;
    if (dirname(folder) === folder) return null;
  }
}
