import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Caps, hasCaps } from "../domain/caps.ts";
import { readSettings, SETTINGS_FILE } from "./settings.ts";

/** The caps that hold now. */
export interface CapsSource {
  /** Null when nothing is capped. */
  current(): Caps | null;
  /** Reads the file again if it was changed, and returns what holds then. */
  reload(): Promise<Caps | null>;
}

/** Caps of a workspace's settings file, which a person may raise while work goes on. */
export function capsOfWorkspace(
  folder: string,
  first: Caps,
  log: (level: "warn" | "error", message: string) => void,
): CapsSource {
  const path = join(folder, SETTINGS_FILE);
  let caps = first;
  let seen: string | null = null;
  const current = () => (hasCaps(caps) ? caps : null);
  return {
    current,
    reload: async () => {
      const print = await stat(path).then(
        ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
        () => "none",
      );
      if (print === seen) return current();
      seen = print;
      try {
        caps = (await readSettings(folder)).caps;
      } catch (error) {
        // The caps that held go on to hold.
        log("warn", `The caps were not read again: ${error instanceof Error ? error.message : String(error)}`);
      }
      return current();
    },
  };
}
