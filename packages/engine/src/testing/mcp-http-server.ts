import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { type McpScript, scriptedMcpServer } from "./mcp-test-server.ts";

export interface McpHttpServer {
  url: string;
  /** Headers of the requests that came. */
  headers: IncomingMessage["headers"][];
  /** Answers in place of the server when it returns true. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | null;
  close(): Promise<void>;
}

/** The same server over streamable HTTP, on loopback. */
export async function startMcpHttpServer(script: McpScript): Promise<McpHttpServer> {
  const kept = new Map<string, unknown[]>();
  const handler = toNodeHandler(createMcpHandler(() => scriptedMcpServer(script, kept)));
  const server = createServer((request, response) => {
    own.headers.push(request.headers);
    if (own.intercept?.(request, response)) return;
    void handler(request as Parameters<typeof handler>[0], response);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const own: McpHttpServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    headers: [],
    intercept: null,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return own;
}
