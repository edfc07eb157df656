import { ConnectorList } from "./connector.ts";
import { endpoint } from "./endpoint.ts";

export const connectorsApi = {
  listConnectors: endpoint("GET", "/api/connectors", {
    summary: "Servers of mcp.json with their health and tools; those not needed yet are connected to",
    group: "connectors",
    reply: ConnectorList,
  }),
};
