import { answer } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { renderConnector } from "../present/connectors.ts";
import { oneLine } from "../present/text.ts";

export async function showConnectors(call: Call): Promise<void> {
  const { client } = await connect(call);
  const list = await client.listConnectors();
  answer(call, list, () => {
    const notices = list.notices.map((notice) => `! ${oneLine(notice, 500)}\n`).join("");
    if (list.connectors.length === 0)
      return `${notices}Nothing is connected. Name servers in mcp.json, in the workspace or in an agent's folder.\n`;
    return `${notices}${list.connectors.map((each) => renderConnector(call.terminal, each)).join("\n")}`;
  });
}
