import { join } from "node:path";
import { startProgramSubject } from "./node-program.ts";
import type { Subject } from "./subject.ts";

export const aiSdk: Subject = {
  name: "ai-sdk",
  about: "the AI SDK's own agent loop (ToolLoopAgent, streamed), which keeps nothing",
  calls: {
    read: { name: "read_file", arguments: { path: "note.txt" } },
    command: { name: "run_command", arguments: { command: "true" } },
  },
  start: (place) => startProgramSubject(join(import.meta.dirname, "ai-sdk-main.ts"), place),
};
