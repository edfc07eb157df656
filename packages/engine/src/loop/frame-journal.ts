import type { ConnectedTools } from "../connectors/connector.ts";
import type { Source } from "../domain/action.ts";
import { COMPACT_AT } from "../domain/compaction.ts";
import { systemPrompt } from "../domain/prompt.ts";
import { describeCheck } from "@bureau/protocol";
import { modelTools } from "../tools/registry.ts";
import type { RunJournal } from "../store/load-run.ts";
import { type Journal, openJournal } from "./journal.ts";
import { withSources } from "../domain/sources.ts";
import { sourcesOfContext } from "./labels.ts";
import type { LoopParts } from "./parts.ts";

const MAX_KEPT_TEXTS = 200;
const keptTexts = new WeakMap<LoopParts["blobs"], Map<string, Promise<string>>>();

/** Puts a run's journal into its frame: prompt, tools, prices and limits. */
export async function frameJournal(parts: LoopParts, loaded: RunJournal): Promise<Journal> {
  const builtIn = parts.tools({ goal: loaded.goal !== null });
  const connected = await parts.connectedTools(loaded.agent);
  const tools = connected.tools.length === 0 ? builtIn : [...builtIn, ...connected.tools];
  const chain = parts.models.chain("default");
  const model = chain[Math.min((loaded.run.state["modelIndex"] as number | undefined) ?? 0, chain.length - 1)]!;
  const limits = parts.models.limits(model);
  const journal = openJournal(loaded, {
    system: await promptOf(parts, loaded, connected),
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
async function promptOf(parts: LoopParts, loaded: RunJournal, connected: ConnectedTools): Promise<string> {
  const { run, agent, goal } = loaded;
  return systemPrompt({
    agent: agent.name,
    folder: agent.folder,
    context: await contextOf(parts, loaded, connected.notices),
    hasConnectedTools: connected.tools.length > 0,
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

async function contextOf(
  parts: LoopParts,
  { run, agent, items }: RunJournal,
  connected: readonly string[],
): Promise<string> {
  if (run.contextHash) return Buffer.from(await parts.blobs.get(run.contextHash)).toString("utf8");
  const { text, notices, sources } = await parts.loadContext(agent.folder);
  const outside = await sourcesOfContext(
    parts,
    sources.map(({ path }) => path),
  );
  // Written with the facts of the first model call.
  if (outside.length > 0) run.state["taint"] = withSources(run.state["taint"] as Source[] | undefined, outside);
  // Said once, when the run begins: a claim after a crash before its first write says it again.
  if (run.stepCount === 0) run.notices = [...notices, ...unsaid(items, connected)];
  if (text === "") return "";
  // On its way to the disk while the model is called. Nothing comes of a first call whose process dies before both.
  run.contextPut = keptHash(parts, text);
  return text;
}

/** What its thread has not been told already: servers stay away for longer than one run. */
function unsaid(items: RunJournal["items"], notices: readonly string[]): string[] {
  const said = new Set(items.flatMap(({ content }) => (content.type === "notice" ? [content.text] : [])));
  return notices.filter((text) => !said.has(text));
}

/** What the row of a run is to hold once its first model call is over: the context that the call was made with. */
export async function keepContext({ run }: Journal): Promise<{ context_hash?: string }> {
  if (!run.contextPut) return {};
  run.contextHash = await run.contextPut;
  run.contextPut = null;
  return { context_hash: run.contextHash };
}

/** The context's blob, put once a process: runs of one agent begin with the same text, and many begin at once. */
function keptHash(parts: LoopParts, text: string): Promise<string> {
  const kept = keptTexts.get(parts.blobs) ?? new Map<string, Promise<string>>();
  keptTexts.set(parts.blobs, kept);
  const known = kept.get(text);
  if (known) return known;
  const hash = parts.blobs.put(text);
  if (kept.size >= MAX_KEPT_TEXTS) kept.clear();
  kept.set(text, hash);
  // What could not be put is tried again by the next run.
  hash.catch(() => kept.delete(text));
  return hash;
}

function signOffDecided(journal: Journal): boolean {
  const { goal } = journal;
  return goal !== null && goal.askedSignOffs.length === 0;
}
