import { EXIT_NOT_DONE } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { renderConnector } from "../present/connectors.ts";
import { findWorkspace } from "../workspace.ts";

/** Connects to one server without Bureau being up. 0 when it answers, 6 when it does not. */
export async function probe(call: Call): Promise<number> {
  const { probeServer } = await import("@bureau/server");
  const { terminal } = call;
  const connector = await probeServer({
    target: argument(call, 0),
    workspace: findWorkspace(call),
    environment: terminal.environment,
  });
  answer(call, connector, () => renderConnector(terminal, connector));
  return connector.status === "failed" ? EXIT_NOT_DONE : 0;
}
