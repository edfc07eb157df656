import type { Connector, ConnectorTool } from "@bureau/protocol";
import type { Terminal } from "../terminal.ts";
import { renderTable } from "./table.ts";
import { count, oneLine, paint, type Tone } from "./text.ts";

const TONES: Record<Connector["status"], Tone> = { connected: "green", resting: "dim", unused: "dim", failed: "red" };
const EFFECTS: Record<ConnectorTool["effect"], string> = {
  read: "reads",
  write_workspace: "writes here",
  write_outside: "writes outside",
};
const CARRIED: Record<ConnectorTool["carriesOut"], string> = {
  always: "; its arguments leave the workspace",
  addresses: "",
  addresses_and_words: "; addresses and words that it is given leave the workspace",
  never: "",
};

/** One server with its health, and its tools with what they are taken for and why. */
export function renderConnector(terminal: Terminal, connector: Connector): string {
  const { name, transport, status, tools, trust, agent, file, error, errorOutput, change } = connector;
  const whose = agent === null ? "" : `, of ${oneLine(agent)}`;
  const lines = [
    `${oneLine(name)}  ${paint(terminal, TONES[status], status)}  ${transport}, ${trust}, ${count(tools.length, "tool")}${whose} (${oneLine(file)})`,
  ];
  if (error !== null) lines.push(`  ${oneLine(error, 500)}`);
  if (status === "failed" && errorOutput.trim() !== "")
    lines.push(`  It said: ${oneLine(errorOutput.slice(-500), 500)}`);
  if (change !== null) lines.push(`  Its tools changed on ${change.at.slice(0, 10)}: ${changeText(change)}.`);
  const table = tools.length === 0 ? "" : `\n${renderTools(terminal, tools)}`;
  return `${lines.join("\n")}\n${table}`;
}

function renderTools(terminal: Terminal, tools: Connector["tools"]): string {
  return renderTable(
    terminal,
    [
      { title: "TOOL", value: (tool) => oneLine(tool.name) },
      { title: "DOES", value: (tool) => (tool.hidden ? "hidden" : EFFECTS[tool.effect]) },
      { title: "BECAUSE", value: (tool) => oneLine(`${tool.why}${CARRIED[tool.carriesOut]}`), flexible: true },
    ],
    tools,
  );
}

function changeText({ added, removed, changed }: NonNullable<Connector["change"]>): string {
  const parts = [
    ["new", added],
    ["changed", changed],
    ["gone", removed],
  ] as const;
  return parts
    .filter(([, names]) => names.length > 0)
    .map(([word, names]) => `${word}: ${oneLine(names.join(", "))}`)
    .join("; ");
}
