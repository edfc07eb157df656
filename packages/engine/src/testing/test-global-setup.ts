import { chmod, mkdtemp, readdir, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { openDatabase } from "../store/database.ts";
import { startEmbeddedPostgres } from "../store/embedded-postgres.ts";
import { migrate } from "../store/migrate.ts";
import { isAlive, isServerOf, readPostmasterFile } from "../store/postgres-process.ts";

const FOLDER_PREFIX = "bureau-test-";
/** Memory as a folder: a database is copied there in 10 ms, and on a busy disk in 300. */
const MEMORY_FOLDER = "/dev/shm";
const NEEDED_MEMORY_BYTES = 2_000_000_000;
const TEMPLATE_NAME = "bureau_template";
/** A test server's data is thrown away, so it need not reach the disk. */
const SETTINGS = { fsync: "off", full_page_writes: "off", max_connections: "150" };

declare module "vitest" {
  export interface ProvidedContext {
    /** Address of the server's migrated template database. */
    databaseTemplate: string;
  }
}

/** One server for all tests of a run, stopped and removed at its end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeAbandoned(MEMORY_FOLDER);
  await removeAbandoned(tmpdir());
  const folder = await mkdtemp(join(await chooseParent(), `${FOLDER_PREFIX}${process.pid}-`));
  // As root the server runs as another user, who has to pass through.
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({ dataFolder: folder, log: () => undefined, settings: SETTINGS });
  const template = new URL(server.url);
  template.pathname = `/${TEMPLATE_NAME}`;
  await makeTemplate(server.url, template.href);
  project.provide("databaseTemplate", template.href);
  return async () => {
    await server.stop("fast");
    await rm(folder, { recursive: true, force: true });
  };
}

async function makeTemplate(serverUrl: string, templateUrl: string): Promise<void> {
  const server = await openDatabase({ url: serverUrl, maxConnections: 1 });
  await server.query(`CREATE DATABASE ${TEMPLATE_NAME}`);
  const template = await openDatabase({ url: templateUrl, maxConnections: 1 });
  await migrate(template);
  await template.close();
  await server.close();
}

async function chooseParent(): Promise<string> {
  const found = await statfs(MEMORY_FOLDER).catch(() => undefined);
  return found && found.bavail * found.bsize > NEEDED_MEMORY_BYTES ? MEMORY_FOLDER : tmpdir();
}

/** Ends the servers of test runs that were killed. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const owner = Number(/^bureau-test-(\d+)-/.exec(name)?.[1]);
    if (!owner || isAlive(owner)) continue;
    const folder = join(parent, name);
    if ((await stat(folder).catch(() => undefined))?.uid !== process.getuid?.()) continue;
    await endServer(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

async function endServer(folder: string): Promise<void> {
  const cluster = join(folder, "cluster");
  const file = await readPostmasterFile(cluster);
  if (file && (await isServerOf(file.processId, cluster))) process.kill(file.processId, "SIGQUIT");
}
