import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "@bureau/protocol";
import type { OfficeReply } from "./office-main.ts";

const TIME_MS = 20_000;
const MEMORY_BYTES = 300 * 1024 * 1024;
/** Of its own objects; what is unpacked lies beside them. */
const HEAP_MB = 200;
const OUTPUT_BYTES = 12 * 1024 * 1024;
/** How often its memory is looked at while it works. */
const LOOK_MS = 50;
const PS_TIMEOUT_MS = 2_000;
const PAGE_BYTES = 4096;
/** Processes at once; more wait their turn. */
const MAX_PROCESSES = 2;
const MAX_WAITING = 100;

const MAIN = fileURLToPath(new URL("./office-main.ts", import.meta.url));

/** The content that was found, or one sentence about the file. `lasting`: it need not be tried again. */
export type Converted = { content: unknown } | { problem: string; lasting: boolean };

let working = 0;
const waiting: (() => void)[] = [];

/**
 * Has an office file read by a process of its own, which has no rights but to read the program, and is ended when it
 * takes more than 20 s, 300 MB of memory or 12 MB of output. Never rejects for what the file is.
 */
export async function convertOffice(bytes: Uint8Array, format: string): Promise<Converted> {
  await takeTurn();
  try {
    return await convert(bytes, format);
  } finally {
    passTurn();
  }
}

async function takeTurn(): Promise<void> {
  if (working < MAX_PROCESSES) {
    working += 1;
    return;
  }
  if (waiting.length >= MAX_WAITING) {
    throw new AppError("limit_reached", "Too many files are being read at once.", { hint: "Try again in a moment." });
  }
  await new Promise<void>((resolve) => waiting.push(resolve));
}

/** Hands the turn to whoever waits, so that it is never given twice. */
function passTurn(): void {
  const next = waiting.shift();
  if (next) next();
  else working -= 1;
}

function convert(bytes: Uint8Array, format: string): Promise<Converted> {
  const { promise, resolve } = Promise.withResolvers<Converted>();
  const child = spawn(process.execPath, [...flags(), MAIN, format], { stdio: ["pipe", "pipe", "ignore"], env: {} });
  const output: Buffer[] = [];
  let [length, ended] = [0, false];
  const end = (result: Converted) => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    clearInterval(watch);
    child.kill("SIGKILL");
    resolve(result);
  };
  const timer = setTimeout(
    () => end({ problem: `Reading it took longer than ${TIME_MS / 1000} s and was stopped.`, lasting: true }),
    TIME_MS,
  );
  const watch = setInterval(() => {
    void memoryOf(child).then((memory) => {
      if (memory > MEMORY_BYTES) end({ problem: "Reading it takes more than 300 MB of memory.", lasting: true });
    });
  }, LOOK_MS);
  child.stdout.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > OUTPUT_BYTES) return end({ problem: "It holds more than can be shown.", lasting: true });
    output.push(chunk);
  });
  child.on("error", () => end({ problem: "The program that reads it could not be started.", lasting: false }));
  child.on("close", (code) => end(replyOf(Buffer.concat(output), code)));
  // It may end before it has read everything.
  child.stdin.on("error", () => undefined);
  child.stdin.end(bytes);
  return promise;
}

function replyOf(output: Buffer, code: number | null): Converted {
  if (code === 1) return { problem: "The program that reads it failed on it.", lasting: true };
  if (code !== 0) return { problem: "Reading it takes more memory than it may.", lasting: true };
  const reply = JSON.parse(output.toString("utf8")) as OfficeReply;
  return "problem" in reply ? { problem: reply.problem, lasting: true } : { content: reply.content };
}

/** It may read the program and what the program is made of: no other file, and no process, thread or write. */
export function flags(): string[] {
  const folders = [dirname(dirname(dirname(MAIN))), nodeModules()];
  return [
    `--max-old-space-size=${HEAP_MB}`,
    "--disable-warning=ExperimentalWarning",
    "--permission",
    ...folders.map((folder) => `--allow-fs-read=${folder}/*`),
  ];
}

/** The folder that the library and what it needs lie in. */
function nodeModules(): string {
  const entry = fileURLToPath(import.meta.resolve("officeparser"));
  const name = "/node_modules/";
  return entry.slice(0, entry.lastIndexOf(name) + name.length - 1);
}

/** Resident bytes; 0 when the process is gone. */
async function memoryOf(child: ChildProcess): Promise<number> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null) return 0;
  if (process.platform !== "linux") return await memoryFromPs(pid);
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

function memoryFromPs(pid: number): Promise<number> {
  return new Promise((resolve) => {
    execFile("/bin/ps", ["-o", "rss=", "-p", String(pid)], { timeout: PS_TIMEOUT_MS }, (_error, text) =>
      resolve((Number(text.trim()) || 0) * 1024),
    );
  });
}
