import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Call } from "./command-line.ts";

/** Where a workspace keeps what is Bureau's own. */
export const OWN_FOLDER = ".bureau";

/**
 * The workspace that is meant: named, or the nearest folder upwards with a `bureau.yaml`, or this folder.
 *
 * The server has the same rule; loading it for this alone would make every command slow.
 */
export function findWorkspace({ terminal, options }: Pick<Call, "terminal" | "options">): string {
  const given = terminal.environment["BUREAU_WORKSPACE"]?.trim();
  const named = options.workspace ?? (given === "" ? undefined : given);
  if (named !== undefined) return resolve(terminal.folder, named);
  for (let current = resolve(terminal.folder); ; current = dirname(current)) {
    if (existsSync(join(current, "bureau.yaml"))) return current;
    if (dirname(current) === current) return resolve(terminal.folder);
  }
}

export interface FoundServer {
  url: string;
  token: string;
  processId: number;
}

/** The server that says it runs for a workspace; null when there is none or its process has ended. */
export async function findServer(workspace: string): Promise<FoundServer | null> {
  try {
    const text = await readFile(join(workspace, OWN_FOLDER, "server.json"), "utf8");
    const file = JSON.parse(text) as { url?: unknown; pid?: unknown; tokenFile?: unknown };
    if (typeof file.url !== "string" || typeof file.pid !== "number" || typeof file.tokenFile !== "string") return null;
    if (!isAlive(file.pid)) return null;
    const token = (await readFile(resolve(workspace, file.tokenFile), "utf8")).trim();
    return { url: file.url, token, processId: file.pid };
  } catch {
    return null;
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
