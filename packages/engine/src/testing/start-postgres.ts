import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { EmbeddedPostgres } from "../store/embedded-postgres.ts";

const PROGRAM = fileURLToPath(new URL("./start-postgres-main.ts", import.meta.url));

/** What the program prints: how it found the server, or the error that it met. */
export type StartReport = Partial<Pick<EmbeddedPostgres, "state" | "url" | "processId">> & {
  tookMs?: number;
  code?: string;
  message?: string;
  hint?: string;
};

export interface StartedProcess {
  report: StartReport;
  child: ChildProcess;
  kill(): Promise<void>;
}

/** Starts an embedded server from another process, which stays until it is killed when `stay` is set. */
export async function startInProcess(
  dataFolder: string,
  options: { stay?: boolean; userId?: number; groupId?: number } = {},
): Promise<StartedProcess> {
  const child = spawn(process.execPath, [PROGRAM, dataFolder, ...(options.stay ? ["--stay"] : [])], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: "/",
    ...(options.userId === undefined ? {} : { uid: options.userId }),
    ...(options.groupId === undefined ? {} : { gid: options.groupId }),
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const report = await firstLine(child);
  if (!options.stay) await ended;
  return {
    report,
    child,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<StartReport> {
  return new Promise((resolve, reject) => {
    let output = "";
    let errors = "";
    child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("\n")) resolve(JSON.parse(output.slice(0, output.indexOf("\n"))) as StartReport);
    });
    child.once("close", () => reject(new Error(`The starting process ended without a report. ${errors}`)));
    child.once("error", reject);
  });
}
