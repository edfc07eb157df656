import type { Command } from "commander";
import { addLeaf, onCall, type Session } from "../command-line.ts";

const GROUP = "Connections:";

export function addConnectorCommands(program: Command, session: Session): void {
  addLeaf(program, "connectors", "the servers of mcp.json, their health, and what their tools do", {
    group: GROUP,
    example: "bureau connectors",
  }).action(onCall(session, async () => (await import("../actions/show-connectors.ts")).showConnectors));
  addLeaf(
    program,
    "mcp-probe <server>",
    "connect to a server by its name in mcp.json or its address, and list its tools",
    {
      group: GROUP,
      example: "bureau mcp-probe https://mcp.example.org/mcp",
    },
  ).action(onCall(session, async () => (await import("../local/mcp-probe.ts")).probe));
}
