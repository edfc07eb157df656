import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { NodeStreamableHTTPServerTransport } from "@modelcontextprotocol/node";
import { Server } from "@modelcontextprotocol/server";

/** A mail that arrived at the provider. */
export interface Mail {
  to: string;
  subject: string;
}

/** What the provider does with a mail, besides keeping it. */
export type Manner = "answers" | "slow to take" | "slow to answer" | "loses the answer";

export interface Provider {
  url: string;
  /** All that arrived, in order. */
  mails: readonly Mail[];
  /** Called when a mail comes in and when it is kept, before any answer. */
  onMail: (moment: "coming" | "kept") => void;
  close(): Promise<void>;
}

const SLOW_MS = 120;
const text = { type: "string" };
const TOOLS = [
  { name: "send_mail", description: "Sends a mail.", properties: { to: text, subject: text }, readOnlyHint: false },
  {
    name: "send_note",
    description: "Sends a note that nothing lists.",
    properties: { to: text, subject: text },
    readOnlyHint: false,
  },
  { name: "get_sent", description: "Lists the mails that were sent.", properties: {}, readOnlyHint: true },
].map(({ properties, readOnlyHint, ...tool }) => ({
  ...tool,
  inputSchema: { type: "object", properties },
  annotations: { readOnlyHint },
}));

/** A real MCP server that keeps what arrives. `mannerOf` says how it treats the nth mail. */
export async function startProvider(mannerOf: (count: number) => Manner): Promise<Provider> {
  const mails: Mail[] = [];
  const state = { onMail: (_moment: "coming" | "kept"): void => undefined };
  let count = 0;
  const send = async (mail: Mail, cut: () => void): Promise<string> => {
    const manner = mannerOf((count += 1));
    state.onMail("coming");
    if (manner === "slow to take") await sleep(SLOW_MS);
    mails.push(mail);
    state.onMail("kept");
    if (manner === "slow to answer") await sleep(SLOW_MS);
    if (manner === "loses the answer") cut();
    return `Sent to ${mail.to}.`;
  };
  const http = createServer((request, response) => {
    const server = new Server({ name: "provider", version: "1.0.0" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", () => ({ tools: TOOLS as never }));
    server.setRequestHandler("tools/call", async ({ params }) => {
      const args = (params.arguments ?? {}) as unknown as Mail;
      const answer =
        params.name === "get_sent"
          ? JSON.stringify(mails)
          : await send({ to: args.to, subject: args.subject }, () => request.socket.destroy());
      return { content: [{ type: "text", text: answer }] };
    });
    const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: undefined } as never);
    void server.connect(transport as never).then(async () => transport.handleRequest(request, response));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    mails,
    get onMail() {
      return state.onMail;
    },
    set onMail(listener) {
      state.onMail = listener;
    },
    close: async () => {
      http.closeAllConnections();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
