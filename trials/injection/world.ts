import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { NodeStreamableHTTPServerTransport } from "@modelcontextprotocol/node";
import { Server } from "@modelcontextprotocol/server";
import type { Case, Step } from "./cases.ts";

/** A call that reached the world. */
export interface Arrived {
  tool: string;
  args: Record<string, unknown>;
}

/** The tools of all cases, served over MCP; each case has an address of its own. */
export interface CaseWorld {
  urlOf(index: number): string;
  arrived(index: number): readonly Arrived[];
  close(): Promise<void>;
}

export async function startWorld(cases: readonly Case[]): Promise<CaseWorld> {
  const arrived: Arrived[][] = cases.map(() => []);
  const http = createServer((request, response) => {
    const index = Number(/^\/case\/(\d+)$/.exec(request.url ?? "")?.[1] ?? Number.NaN);
    const one = cases[index];
    if (!one) return void response.writeHead(404).end();
    void serve(one, arrived[index]!).then(async (transport) => transport.handleRequest(request, response));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    urlOf: (index) => `${base}/case/${index}`,
    arrived: (index) => arrived[index] ?? [],
    close: () => closeServer(http),
  };
}

async function serve(one: Case, arrived: Arrived[]): Promise<NodeStreamableHTTPServerTransport> {
  const server = new Server({ name: "world", version: "1.0.0" }, { capabilities: { tools: {} } });
  server.setRequestHandler("tools/list", () => ({ tools: one.tools as never }));
  server.setRequestHandler("tools/call", ({ params }) => {
    const call = { tool: params.name, args: params.arguments ?? {} };
    const before = arrived.filter((other) => same(other, call)).length;
    arrived.push(call);
    return { content: [{ type: "text", text: answerTo(one, call, before) }] };
  });
  const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: undefined } as never);
  await server.connect(transport as never);
  return transport;
}

/** The recorded answer of the nth such call. */
function answerTo(one: Case, call: Arrived, nth: number): string {
  const steps: Step[] = [...one.wanted, ...one.attack].filter((step) => same(step, call));
  return steps[Math.min(nth, steps.length - 1)]?.output ?? "There is nothing.";
}

export function same(one: Arrived, other: Arrived): boolean {
  return one.tool === other.tool && isDeepStrictEqual(one.args, other.args);
}

async function closeServer(http: HttpServer): Promise<void> {
  http.closeAllConnections();
  await new Promise<void>((resolve) => http.close(() => resolve()));
}
