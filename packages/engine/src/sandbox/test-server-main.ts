import { systemClock } from "../clock.ts";
import { createSandbox } from "./create-sandbox.ts";
import { TEST_LIMITS } from "./test-sandbox.ts";

// Stands for a server that is killed: starts one command and says what it writes.
const [stateFolder = "", folder = "", id = "", command = "", unsandboxed = ""] = process.argv.slice(2);
const sandbox = createSandbox({ stateFolder, clock: systemClock });
const result = await sandbox.run(
  { id, command, folder, environment: {}, limits: TEST_LIMITS },
  {
    signal: new AbortController().signal,
    unsandboxed: unsandboxed === "unsandboxed",
    onOutput: (text) => process.stdout.write(text),
  },
);
process.stdout.write(JSON.stringify(result));
await sandbox.close();
