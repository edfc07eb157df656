import { AppError, type Effect } from "@bureau/protocol";
import type { CommandParts } from "../commands/parts.ts";
import { markUndone, settleByProvider, takeBack } from "../commands/take-back.ts";
import { findEffectRow, getEffect } from "../queries/effects.ts";
import { findAgent } from "../queries/lookup.ts";
import { type EffectRow, effectFromRow } from "../store/effects.ts";
import type { Tool, ToolContext } from "../tools/tool.ts";
import { reconcile } from "./effects.ts";
import type { LoopParts } from "./parts.ts";

const UNDO_LIMIT_MS = 60_000;

/**
 * Stops an effect that has not begun, or takes back one that is done, where its tool has an inverse. The mark that
 * it was taken back is written after the provider has answered: a crash in between leaves it done, to be tried again.
 */
export async function undoEffect(
  parts: LoopParts,
  commands: CommandParts,
  effectId: string,
  by: string,
): Promise<Effect> {
  const effect = await findEffectRow(commands.database, effectId);
  if (effect.undone_at !== null) return effectFromRow(effect);
  if (effect.status !== "done") return await takeBack(commands, effectId, by);
  const tool = await toolOfEffect(parts, effect);
  if (!tool?.undo) {
    throw new AppError("conflict", `"${effect.title}" is done, and ${effect.tool} has nothing that takes it back.`, {
      hint: effect.receipt?.link ? `Change it by hand: ${effect.receipt.link}` : "Change it by hand where it was done.",
    });
  }
  await tool.undo(effect.arguments, effect.receipt ?? {}, await contextOf(parts, effect));
  return await markUndone(commands, effectId, by);
}

/** Asks the provider about an unknown effect. Where it cannot say, the effect stays unknown. */
export async function reconcileEffect(parts: LoopParts, commands: CommandParts, effectId: string): Promise<Effect> {
  const effect = await findEffectRow(commands.database, effectId);
  if (effect.status !== "unknown") return effectFromRow(effect);
  const found = await reconcile(
    parts,
    await toolOfEffect(parts, effect),
    effect.arguments,
    await contextOf(parts, effect),
  );
  if (found.outcome === "unknown") return await getEffect(commands.database, effectId);
  return await settleByProvider(commands, effectId, found.outcome === "done");
}

async function toolOfEffect(parts: LoopParts, effect: EffectRow): Promise<Tool | undefined> {
  const isNamed = (tool: Tool) => tool.name === effect.tool;
  const builtIn = parts.tools({ goal: effect.goal_id !== null }).find(isNamed);
  if (builtIn) return builtIn;
  const agent = await findAgent(parts.reads, effect.agent_id);
  return (await parts.connectedTools(agent)).tools.find(isNamed);
}

async function contextOf(parts: LoopParts, effect: EffectRow): Promise<ToolContext> {
  const agent = await findAgent(parts.reads, effect.agent_id);
  return {
    toolCallId: effect.tool_call_id as ToolContext["toolCallId"],
    runId: effect.run_id,
    threadId: effect.thread_id,
    goalId: effect.goal_id,
    folder: agent.folder,
    signal: AbortSignal.timeout(UNDO_LIMIT_MS),
    sandbox: parts.sandbox,
    approved: true,
    clock: parts.clock,
    effectKey: effect.key,
  };
}
