import { join } from "node:path";
import { answer } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { findServer, findWorkspace, OWN_FOLDER } from "../workspace.ts";

/** Where everything of the workspace is, whether or not it is there yet. */
export async function path(call: Call): Promise<void> {
  const { databasePlace, readConfig, readSettings } = await import("@bureau/server");
  const workspace = findWorkspace(call);
  const own = join(workspace, OWN_FOLDER);
  const config = readConfig({ workspace }, await readSettings(workspace), call.terminal.environment);
  const place = config.databaseUrl === null ? await databasePlace(config.dataFolder) : null;
  const server = await findServer(workspace);
  const paths = {
    workspace,
    settings: join(workspace, "bureau.yaml"),
    data: place?.data ?? null,
    log: place?.log ?? null,
    socket: place?.socket ?? null,
    blobs: join(own, "blobs"),
    token: join(own, "token"),
    server: join(own, "server.json"),
    url: server?.url ?? null,
  };
  answer(call, paths, () => {
    const width = Math.max(...Object.keys(paths).map((name) => name.length));
    const lines = Object.entries(paths).map(
      ([name, value]) => `${name.padEnd(width)}  ${value ?? missing(name, place !== null)}`,
    );
    return `${lines.join("\n")}\n`;
  });
}

function missing(name: string, isEmbedded: boolean): string {
  if (name === "url") return "(not up)";
  return isEmbedded ? "(not made yet)" : "(an external database)";
}
