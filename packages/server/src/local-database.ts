import { join } from "node:path";
import { stat } from "node:fs/promises";
import {
  type Database,
  migrate,
  openBlobs,
  openDatabase,
  preparePlace,
  prune,
  type PruneReport,
  startEmbeddedPostgres,
  systemClock,
} from "@bureau/engine";
import type { Config } from "./config.ts";

const MAX_CONNECTIONS = 4;
const SOCKET_FILE = ".s.PGSQL.5432";

/** Where an embedded database is, or would be. Makes no folder. */
export async function databasePlace(dataFolder: string): Promise<{ data: string; log: string; socket: string | null }> {
  const isThere = await stat(dataFolder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isThere) return { data: join(dataFolder, "cluster"), log: join(dataFolder, "postgres.log"), socket: null };
  const place = await preparePlace(dataFolder);
  return { data: place.cluster, log: place.log, socket: join(place.socketFolder, SOCKET_FILE) };
}

/**
 * Works with the workspace's database without serving anything. An embedded one is started when it is not at work,
 * and stopped again when nobody else uses it.
 */
export async function withDatabase<T>(
  config: Config,
  log: (line: string) => void,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  await using stack = new AsyncDisposableStack();
  let url = config.databaseUrl;
  if (url === null) {
    const postgres = await startEmbeddedPostgres({ dataFolder: config.dataFolder, log });
    stack.defer(async () => {
      await postgres.stopIfUnused();
    });
    url = postgres.url;
  }
  const database = await openDatabase({ url, maxConnections: MAX_CONNECTIONS });
  stack.defer(() => database.close());
  return await work(database);
}

/** Removes what nobody looks at any more: everything that one call would leave is removed by the next round. */
export async function pruneWorkspace(config: Config, olderThanMs: number): Promise<PruneReport> {
  return withDatabase(
    config,
    () => undefined,
    async (database) => {
      await migrate(database);
      const blobs = openBlobs({ folder: join(config.workspace, ".bureau", "blobs") });
      const total = await prune({ database, clock: systemClock, blobs }, { olderThanMs });
      for (let round = 1; total.more && round < MAX_ROUNDS; round += 1)
        add(total, await prune({ database, clock: systemClock, blobs }, { olderThanMs }));
      return total;
    },
  );
}

const MAX_ROUNDS = 1_000;

function add(total: PruneReport, more: PruneReport): void {
  total.steps += more.steps;
  total.toolCalls += more.toolCalls;
  total.events += more.events;
  total.dispatches += more.dispatches;
  total.blobs += more.blobs;
  total.more = more.more;
}
