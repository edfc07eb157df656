import { AppError } from "@bureau/protocol";
import type { CallToolResult, Tool as ServerTool } from "@modelcontextprotocol/client";
import { classifyTool, opensThings, type ToolClass } from "../../domain/classify-tool.ts";
import { describeCall, type DescribedTool } from "../../domain/describe-call.ts";
import type { EffectFound, EffectReceipt, Tool, ToolContext, ToolOutput } from "../../tools/tool.ts";
import { argumentCheck } from "./argument-check.ts";
import { receiptOf, resultData, resultText } from "./call-result.ts";
import type { Connection } from "./connection.ts";
import { fillTemplate } from "./fill-template.ts";
import { findEntry, textsIn } from "./find-entry.ts";
import type { ToolSettings } from "./server-config.ts";
import { shownDescription, shownSchema } from "./tool-text.ts";

type Args = Record<string, unknown>;

/** What Bureau makes of one tool of a server. */
export interface JudgedTool {
  tool: ServerTool;
  settings: ToolSettings;
  class: ToolClass;
}

export function judgeTool(connection: Pick<Connection, "config">, tool: ServerTool): JudgedTool {
  const { config } = connection;
  const settings = config.tools.get(tool.name) ?? {};
  const facts = {
    server: config.name,
    name: tool.name,
    description: tool.description ?? "",
    annotations: (tool.annotations ?? {}) as Parameters<typeof classifyTool>[0]["annotations"],
    properties: Object.keys(tool.inputSchema.properties ?? {}),
  };
  return { tool, settings, class: classifyTool(facts, settings) };
}

/** A tool of a server as agents have it, under a name of ours. */
export function mcpTool(connection: Connection, judged: JudgedTool, name: string): Tool<Args> {
  const { tool, settings } = judged;
  const { config } = connection;
  const { effect, idempotent, reversible, carriesOut } = judged.class;
  const described: DescribedTool = {
    title: `${config.name}: ${tool.name}`,
    isRead: effect === "read",
    carriesOut,
    opensThings: opensThings({ server: config.name, name: tool.name }),
    targets: settings.targets ?? null,
    schema: tool.inputSchema,
  };
  return {
    name,
    description: shownDescription(tool.description ?? tool.title),
    parameters: argumentCheck(tool.inputSchema) as Tool<Args>["parameters"],
    inputSchema: shownSchema(tool.inputSchema),
    effect,
    idempotent,
    ...(settings.kind === undefined ? {} : { kind: settings.kind }),
    reversible,
    undoWindowMs: settings.undoWindowMs ?? 0,
    trust: config.trust,
    describe: (args) => describeCall(described, args),
    execute: (args, context) => execute(connection, judged, name, args, context),
    ...(settings.reconcile && effect === "write_outside"
      ? { reconcile: (args: Args, context: ToolContext) => reconcile(connection, settings.reconcile!, args, context) }
      : {}),
    ...(settings.undo && reversible
      ? {
          undo: (args: Args, receipt: EffectReceipt, context: ToolContext) =>
            undo(connection, settings.undo!, { args, receipt }, context),
        }
      : {}),
  };
}

async function execute(
  connection: Connection,
  { tool, class: { effect } }: JudgedTool,
  name: string,
  args: Args,
  context: ToolContext,
): Promise<ToolOutput> {
  const isWrite = effect !== "read";
  const result = await connection.call(tool, args, { ...context, isWrite });
  const output = outputOf(connection, result, name);
  return isWrite ? { ...output, receipt: receiptOf(resultData(result)) } : output;
}

/** Throws what the tool says went wrong. */
function outputOf(connection: Connection, result: CallToolResult, name: string): ToolOutput {
  const text = resultText(result, name);
  if (result.isError === true) throw new AppError("unavailable", text);
  return { text, source: `mcp:${connection.config.name}` };
}

/** Looks at the provider's own list whether a write took place. Any doubt is `unknown`. */
async function reconcile(
  connection: Connection,
  settings: NonNullable<ToolSettings["reconcile"]>,
  args: Args,
  context: ToolContext,
): Promise<EffectFound> {
  const wanted = settings.match.flatMap((name) => textsIn(Object.hasOwn(args, name) ? args[name] : null));
  const tool = await toolNamed(connection, settings.tool);
  // Asking must not do anything itself.
  if (judgeTool(connection, tool).class.effect !== "read") return { outcome: "unknown" };
  const values = fillTemplate(settings.arguments, { arguments: args, result: null });
  const result = await connection.call(tool, values, { ...context, effectKey: null, isWrite: false });
  if (result.isError === true) return { outcome: "unknown" };
  const found = findEntry(resultData(result), wanted);
  if (found.outcome === "absent") return { outcome: "absent" };
  if (found.outcome !== "found") return { outcome: "unknown" };
  const text = `It took place: ${connection.config.name} has it, as ${settings.tool} shows.`;
  return { outcome: "done", receipt: receiptOf(found.entry), text };
}

async function undo(
  connection: Connection,
  settings: NonNullable<ToolSettings["undo"]>,
  { args, receipt }: { args: Args; receipt: EffectReceipt },
  context: ToolContext,
): Promise<ToolOutput> {
  const kept = receipt.detail?.["result"];
  const result = kept ?? (receipt.id === undefined ? null : { id: receipt.id });
  const tool = await toolNamed(connection, settings.tool);
  const values = fillTemplate(settings.arguments, { arguments: args, result });
  return outputOf(connection, await connection.call(tool, values, { ...context, isWrite: true }), settings.tool);
}

async function toolNamed(connection: Connection, name: string): Promise<ServerTool> {
  const tool = (await connection.listTools()).find((each) => each.name === name);
  if (tool) return tool;
  throw new AppError(
    "not_found",
    `${connection.config.name} has no tool ${JSON.stringify(name)}, which mcp.json names.`,
  );
}
