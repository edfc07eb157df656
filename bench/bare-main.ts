import { execFile } from "node:child_process";
import { openSync, fdatasync, readFileSync, rmSync, writeSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { placeOfProgram, serveJobs } from "./node-program.ts";

interface ToolCall {
  id: string;
  function: { name: string; arguments: string };
}
type Message =
  | { role: "system" | "user"; content: string }
  | { role: "assistant"; content: string | null; tool_calls?: (ToolCall & { type: "function" })[] }
  | { role: "tool"; tool_call_id: string; content: string };

const TOOLS = [
  describeTool("read_file", "Reads a file.", "path"),
  describeTool("run_command", "Runs a shell command.", "command"),
];
const MAX_TURNS = 1000;

const place = placeOfProgram();
const endpoint = new URL(`${place.modelUrl}/chat/completions`);
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
const journalPath = join(place.folder, `../bare-journal-${process.pid}`);
const journal = openJournal(journalPath);
process.on("exit", () => rmSync(journalPath, { force: true }));

await serveJobs(runAgent);

async function runAgent(prompt: string): Promise<void> {
  const messages: Message[] = [
    { role: "system", content: "You are a careful assistant. Use the tools." },
    { role: "user", content: prompt },
  ];
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    const { text, calls } = await callModel(messages);
    messages.push({
      role: "assistant",
      content: text,
      ...(calls.length > 0 && { tool_calls: calls.map((call) => ({ ...call, type: "function" as const })) }),
    });
    if (calls.length === 0) return;
    await journal.append({ prompt, turn, calls });
    for (const call of calls) messages.push({ role: "tool", tool_call_id: call.id, content: await runTool(call) });
    await journal.append({ prompt, turn, results: messages.slice(-calls.length) });
  }
}

function describeTool(name: string, description: string, parameter: string): unknown {
  const parameters = { type: "object", properties: { [parameter]: { type: "string" } }, required: [parameter] };
  return { type: "function", function: { name, description, parameters } };
}

function callModel(messages: Message[]): Promise<{ text: string | null; calls: ToolCall[] }> {
  const body = JSON.stringify({ model: place.modelName, messages, tools: TOOLS, stream: true });
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const outgoing = request(endpoint, { method: "POST", agent, headers }, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (answer += chunk));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(readAnswer(answer));
        else reject(new Error(`The model server answered ${response.statusCode}: ${answer}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Joins the deltas of a streamed chat completion. */
function readAnswer(stream: string): { text: string | null; calls: ToolCall[] } {
  let text: string | null = null;
  const calls: ToolCall[] = [];
  for (const line of stream.split("\n")) {
    if (!line.startsWith("data: {")) continue;
    const event = JSON.parse(line.slice(6)) as {
      choices?: { delta?: { content?: string; tool_calls?: (Partial<ToolCall> & { index: number })[] } }[];
    };
    const delta = event.choices?.[0]?.delta;
    if (delta?.content) text = (text ?? "") + delta.content;
    for (const part of delta?.tool_calls ?? []) {
      const call = (calls[part.index] ??= { id: "", function: { name: "", arguments: "" } });
      if (part.id) call.id = part.id;
      if (part.function?.name) call.function.name = part.function.name;
      call.function.arguments += part.function?.arguments ?? "";
    }
  }
  return { text, calls };
}

async function runTool(call: ToolCall): Promise<string> {
  const input = JSON.parse(call.function.arguments) as { path?: string; command?: string };
  if (call.function.name === "read_file") return readFileSync(join(place.folder, input.path ?? ""), "utf8");
  return new Promise((resolve) => {
    execFile("/bin/sh", ["-c", input.command ?? ""], { cwd: place.folder }, (_error, output) => resolve(output));
  });
}

/** Appends of all agents that come while the disk is busy share the next write and sync. */
function openJournal(path: string): { append(entry: unknown): Promise<void> } {
  const file = openSync(path, "a");
  let waiting: { line: string; done: (error: Error | null) => void }[] = [];
  let busy = false;
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    busy = batch.length > 0;
    if (!busy) return;
    writeSync(file, batch.map(({ line }) => line).join(""));
    fdatasync(file, (error) => {
      for (const { done } of batch) done(error);
      flush();
    });
  };
  return {
    append: (entry) =>
      new Promise((resolve, reject) => {
        waiting.push({ line: `${JSON.stringify(entry)}\n`, done: (error) => (error ? reject(error) : resolve()) });
        if (!busy) flush();
      }),
  };
}
