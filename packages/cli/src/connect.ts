import { AppError, type BureauClient, createClient, openEventStream, type StreamMessage } from "@bureau/protocol";
import type { Call } from "./command-line.ts";
import { findServer, findWorkspace } from "./workspace.ts";

/** Connections in a row that may fail before a command that follows something gives up. */
const MAX_FAILURES = 20;

export interface EventFilter {
  run?: string;
  thread?: string;
  goal?: string;
}

/** A server of the workspace, ready to be asked. */
export interface Connection {
  workspace: string;
  url: string;
  client: BureauClient;
  /** Events after a sequence number, then live ones, until the signal is aborted. */
  events(after: number, filter: EventFilter, signal: AbortSignal): AsyncIterable<StreamMessage>;
}

/** Connects to the server that is up for the workspace. Throws `unavailable` when none is. */
export async function connect(call: Pick<Call, "terminal" | "options">): Promise<Connection> {
  const workspace = findWorkspace(call);
  const server = await findServer(workspace);
  if (server !== null) return connectionTo(workspace, server.url, server.token);
  throw new AppError("unavailable", `Bureau is not up for the workspace ${workspace}.`, {
    hint: `Start it with \`bureau up --workspace ${workspace}\`, or name another workspace with --workspace.`,
  });
}

export function connectionTo(workspace: string, url: string, token: string): Connection {
  return {
    workspace,
    url,
    client: createClient({ baseUrl: url, token }),
    events: (after, filter, signal) =>
      openEventStream({ baseUrl: url, token, after, ...filter, signal, maxFailures: MAX_FAILURES }),
  };
}
