import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Halt } from "@bureau/protocol";

const HALT_FILE = "halted.json";

/** Notes that everything is stopped while no server is up to be told: the next one comes up stopped. */
export async function writeHaltFile(folder: string, halt: Halt): Promise<void> {
  await writeFile(join(folder, HALT_FILE), `${JSON.stringify(halt)}\n`, { mode: 0o600 });
}

/** What `writeHaltFile` noted. A file that cannot be understood still stops everything. */
export async function readHaltFile(folder: string, now: () => number): Promise<Halt | null> {
  let text: string;
  try {
    text = await readFile(join(folder, HALT_FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return Halt.parse(JSON.parse(text));
  } catch {
    return { at: new Date(now()).toISOString(), by: "a person" };
  }
}

/** Returns whether there was one. */
export async function removeHaltFile(folder: string): Promise<boolean> {
  try {
    await rm(join(folder, HALT_FILE));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
