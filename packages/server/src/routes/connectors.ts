import type { ConnectorsApi } from "@bureau/engine";
import type { connectorsApi, Handlers } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";

export function connectorHandlers(engine: ConnectorsApi): Handlers<typeof connectorsApi, AppContext> {
  return { listConnectors: () => engine.listConnectors() };
}
