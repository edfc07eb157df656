import type { Call } from "../command-line.ts";
import { type Connection, connectionTo } from "../connect.ts";
import { findServer, findWorkspace } from "../workspace.ts";

const ANY_PORT = 0;

/** Works with the server that is up for the workspace, or with one in this process until the work is over. */
export async function withServer<T>(
  call: Pick<Call, "terminal" | "options">,
  work: (connection: Connection) => Promise<T>,
  workspace: string = findWorkspace(call),
): Promise<T> {
  const running = await findServer(workspace);
  if (running !== null) return work(connectionTo(workspace, running.url, running.token));
  const { loadConfig, startServer } = await import("@bureau/server");
  const config = await loadConfig({ workspace, port: ANY_PORT }, call.terminal.environment);
  const server = await startServer(config, (level, message) => {
    if (level !== "info") call.terminal.err(`${message}\n`);
  });
  try {
    return await work(connectionTo(server.workspace, server.url, server.token));
  } finally {
    await server.stop();
  }
}
