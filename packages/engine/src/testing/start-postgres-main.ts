import { AppError } from "@bureau/protocol";
import { startEmbeddedPostgres } from "../store/embedded-postgres.ts";

/** A process of its own that starts an embedded server: `node start-postgres-main.ts FOLDER [--stay]`. */
const [dataFolder = "", stay] = process.argv.slice(2);
try {
  const startedAt = performance.now();
  const { state, url, processId } = await startEmbeddedPostgres({
    dataFolder,
    log: () => undefined,
    settings: { fsync: "off" },
  });
  print({ state, url, processId, tookMs: Math.round(performance.now() - startedAt) });
  if (stay) setInterval(() => undefined, 1_000);
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  print({ code: error.code, message: error.message, hint: error.hint });
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
