import { homedir } from "node:os";
import { join } from "node:path";
import type { Terminal } from "../terminal.ts";

/** A workspace of the person's own, for work in folders that belong to none. Made when it is first needed. */
export async function personalWorkspace(terminal: Terminal): Promise<string> {
  const given = terminal.environment["XDG_DATA_HOME"];
  const base =
    given === undefined || given === "" ? join(terminal.environment["HOME"] ?? homedir(), ".local", "share") : given;
  const folder = join(base, "bureau", "personal");
  const { initWorkspace, isWorkspace } = await import("@bureau/server");
  if (!(await isWorkspace(folder))) {
    await initWorkspace(folder, "personal");
    terminal.err(`Made a workspace of your own in ${folder}.\n`);
  }
  return folder;
}
