import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startShowcase } from "./start-showcase.ts";

// A workspace worth looking at, over a model that goes by a script: `npm run showcase`. It is removed at the end.

const folder = await mkdtemp(join(tmpdir(), "bureau-showcase-"));
const { PATH, HOME, BUREAU_PORT } = process.env;
const showcase = await startShowcase(folder, { PATH, HOME }, { port: BUREAU_PORT ?? "0" });
process.stdout.write(`Open ${showcase.address}\nThe workspace is ${folder}. Ctrl-C ends it.\n`);
await new Promise((resolve) => process.once("SIGINT", resolve).once("SIGTERM", resolve));
await showcase.stop();
await rm(folder, { recursive: true, force: true });
