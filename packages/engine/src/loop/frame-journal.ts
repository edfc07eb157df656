import { COMPACT_AT } from "../domain/compaction.ts";
import { systemPrompt } from "../domain/prompt.ts";
import { describeCheck } from "../goals/describe-check.ts";
import { modelTools } from "../tools/registry.ts";
import { loadRun, type RunJournal } from "../store/load-run.ts";
import { type Journal, openJournal } from "./journal.ts";
import type { LoopParts } from "./parts.ts";

/** Reads a run's journal and puts it into its frame: prompt, tools, prices and limits. Null when the run is gone. */
export async function frameJournal(parts: LoopParts, runId: string): Promise<Journal | null> {
  const loaded = await loadRun(parts.database, parts.blobs, runId);
  if (!loaded) return null;
  const tools = parts.tools({ goal: loaded.goal !== null });
  const chain = parts.models.chain("default");
  const model = chain[Math.min((loaded.run.state["modelIndex"] as number | undefined) ?? 0, chain.length - 1)]!;
  const limits = parts.models.limits(model);
  const journal = openJournal(loaded, {
    system: await promptOf(parts, loaded),
    tools,
    modelTools: modelTools(tools),
    price: parts.models.price(model),
    maxOutputTokens: limits.maxOutputTokens,
    compactAtTokens: limits.contextTokens * COMPACT_AT,
    limits: parts.limits,
  });
  if (journal.facts.verdict === "sign_off" && signOffDecided(journal)) journal.facts.checkRequested = true;
  return journal;
}

/**
 * The run's system prompt. Context files are read when the run begins and kept as a blob: the run goes on with the
 * text it began with, so the model's prefix does not change under it.
 */
async function promptOf(parts: LoopParts, loaded: RunJournal): Promise<string> {
  const { run, agent, goal } = loaded;
  return systemPrompt({
    agent: agent.name,
    folder: agent.folder,
    context: await contextOf(parts, loaded),
    date: run.createdAt.slice(0, 10),
    goal: goal && {
      title: goal.spec.title,
      brief: goal.spec.brief,
      done: goal.spec.done,
      requirements: goal.spec.checks.map((check) => describeCheck(check)),
      constraints: goal.spec.constraints,
      budget: goal.spec.budget,
    },
  });
}

async function contextOf(parts: LoopParts, { run, agent }: RunJournal): Promise<string> {
  if (run.contextHash) return Buffer.from(await parts.blobs.get(run.contextHash)).toString("utf8");
  const { text } = await parts.loadContext(agent.folder);
  if (text === "") return "";
  const hash = await parts.blobs.put(text);
  run.contextHash = hash;
  return text;
}

function signOffDecided(journal: Journal): boolean {
  const { goal } = journal;
  return goal !== null && goal.askedSignOffs.length === 0;
}
