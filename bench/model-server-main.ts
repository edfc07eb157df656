import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ModelReply } from "../packages/engine/src/testing/model-reply.ts";
import { encodeReply } from "../packages/engine/src/testing/model-wire.ts";
import { AGENT_MARK, type Round, type RoundReport } from "./round.ts";

// A model server that answers at once, in its own process. It counts each agent's requests by the mark in its
// prompt: the first `turns` are answered with a tool call, the next with a last text.

interface AgentState {
  requests: number;
  /** When the last byte of the answer before was handed to the system; null while none is outstanding. */
  answeredAt: number | null;
}

interface RoundState {
  round: Round;
  agents: Map<string, AgentState>;
  report: RoundReport;
  held: (() => void)[];
}

let current: RoundState | null = null;

const server = createServer((request, response) => {
  const at = now();
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => receive(request, response, Buffer.concat(chunks).toString("utf8"), at));
});
server.keepAliveTimeout = 60_000;
server.on("connection", (socket) => socket.setNoDelay(true));
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`);
});
// Ends with the process that started it.
process.stdin.on("end", () => process.exit(0)).resume();

function now(): number {
  return performance.timeOrigin + performance.now();
}

function receive(request: IncomingMessage, response: ServerResponse, body: string, at: number): void {
  const path = request.url ?? "/";
  if (path === "/bench/begin") return begin(response, JSON.parse(body) as Round);
  if (path === "/bench/report") return sendJson(response, current?.report ?? null);
  // Asked often while a load runs, so it carries one number and not the whole report.
  if (path === "/bench/progress") return sendJson(response, { agentsAtEnd: current?.report.agentsAtEnd ?? 0 });
  if (path === "/bench/release") return release(response);
  const wire = path.endsWith("/chat/completions") ? "chat" : path.endsWith("/responses") ? "responses" : null;
  const mark = AGENT_MARK.exec(body)?.[0];
  if (wire === null || mark === undefined || current === null) {
    response.writeHead(404).end(JSON.stringify({ error: { message: `No answer for ${path} without a mark.` } }));
    return;
  }
  answer(current, response, { wire, mark, at, requestBytes: body.length });
}

function begin(response: ServerResponse, round: Round): void {
  const report: RoundReport = {
    turnMs: [],
    firstRequestAt: [],
    agentsAtEnd: 0,
    lastRequestAt: 0,
    firstRequestBytes: 0,
  };
  current = { round, agents: new Map(), report, held: [] };
  sendJson(response, {});
}

function release(response: ServerResponse): void {
  const held = current?.held.splice(0) ?? [];
  for (const go of held) go();
  sendJson(response, { released: held.length });
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

function answer(
  { round, agents, report, held }: RoundState,
  response: ServerResponse,
  request: { wire: "chat" | "responses"; mark: string; at: number; requestBytes: number },
): void {
  const agent = agents.get(request.mark) ?? { requests: 0, answeredAt: null };
  agents.set(request.mark, agent);
  agent.requests += 1;
  if (agent.answeredAt !== null) report.turnMs.push(request.at - agent.answeredAt);
  agent.answeredAt = null;
  if (agent.requests === 1) {
    report.firstRequestAt.push(request.at);
    report.firstRequestBytes = request.requestBytes;
  }
  const isLast = agent.requests > round.turns;
  const reply: ModelReply = isLast ? { text: "Done." } : { toolCalls: [round.call] };
  const send = (): void => {
    const id = `${request.mark.replace(/\W/g, "")}_${agent.requests}`;
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
    response.on("finish", () => {
      if (!isLast) agent.answeredAt = now();
    });
    response.end(encodeReply(request.wire, reply, { model: "bench", id, requestBytes: request.requestBytes }).join(""));
  };
  if (!isLast) return send();
  report.agentsAtEnd += 1;
  report.lastRequestAt = request.at;
  if (round.hold) held.push(send);
  else send();
}
