import type { ConnectorList } from "@bureau/protocol";
import type { Tool } from "../tools/tool.ts";

/** Tools that come from servers, and what a person should know of those that do not come. */
export interface ConnectedTools {
  tools: readonly Tool[];
  notices: readonly string[];
}

export const NO_CONNECTED_TOOLS: ConnectedTools = { tools: [], notices: [] };

/** Whatever an agent is connected to outside Bureau. */
export interface Connectors {
  /** The tools of an agent's runs. Never rejects and never takes long: a server that does not answer is left out. */
  toolsFor(agent: { folder: string }): Promise<ConnectedTools>;
  /**
   * The tool of that name as some agent was given it last, without asking anybody; null when there is none, or when
   * agents have different ones under the name.
   */
  known(name: string): Tool | null;
  /** Every server with its health; those that were not needed yet are connected to. */
  list(): Promise<ConnectorList>;
  /** Ends connections and the programs that were started for them. */
  close(): Promise<void>;
}
