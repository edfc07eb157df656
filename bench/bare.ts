import { join } from "node:path";
import { startProgramSubject } from "./node-program.ts";
import type { Subject } from "./subject.ts";

/** The floor: what a turn costs when nothing but the turn and its two durable writes is done. */
export const bare: Subject = {
  name: "bare",
  about: "a loop over node:http, two synced journal writes a turn, one file for all agents",
  calls: {
    read: { name: "read_file", arguments: { path: "note.txt" } },
    command: { name: "run_command", arguments: { command: "true" } },
  },
  start: (place) => startProgramSubject(join(import.meta.dirname, "bare-main.ts"), place),
};
