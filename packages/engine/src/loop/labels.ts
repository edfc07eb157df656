import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { timeText } from "../clock.ts";
import type { Source } from "../domain/action.ts";
import { type FileLabel, labelsOfFile, labelsUnder } from "../store/file-labels.ts";
import type { LoadedCall } from "../store/load-run.ts";
import { ANY_FILE, type Tool } from "../tools/tool.ts";
import type { Journal } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import type { CallOutcome } from "./step.ts";

const MAX_NAME = 200;

/** Where the content came from that a call has brought into the run; empty when it is the workspace's own. */
export async function sourcesOfCall(
  parts: LoopParts,
  journal: Journal,
  tool: Tool | undefined,
  call: LoadedCall,
  outcome: CallOutcome,
): Promise<Source[]> {
  if (tool === undefined || outcome.ran !== true) return [];
  const found: Source[] = [...(outcome.sources ?? [])];
  if ((outcome.trust ?? tool.trust) === "untrusted")
    found.push({ name: (outcome.source ?? tool.name).slice(0, MAX_NAME), tool: tool.name });
  if (tool.opens !== undefined && (await parts.policy(false)).hasFileLabels)
    found.push(...(await labelsRead(parts, journal.agent.folder, tool.opens(call.arguments))));
  return found;
}

export async function labelsRead(parts: LoopParts, folder: string, opened: string): Promise<Source[]> {
  if (opened === ANY_FILE) return await labelsUnder(parts.reads, folder);
  try {
    const path = await realpath(resolve(folder, opened));
    return await labelsOfFile(parts.reads, path, (await stat(path)).ctime);
  } catch (error) {
    // A file that is gone again cannot be judged by its own label.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Sources of the files that a run's context was made of. */
export async function sourcesOfContext(parts: LoopParts, paths: readonly string[]): Promise<Source[]> {
  if (paths.length === 0 || !(await parts.policy(false)).hasFileLabels) return [];
  return (await Promise.all(paths.map((path) => labelsRead(parts, "/", path)))).flat();
}

/** Labels for what these calls are about to write; they are in the store before the files are. */
export async function labelsToSet(
  parts: LoopParts,
  journal: Journal,
  calls: readonly { call: LoadedCall; tool: Tool | undefined }[],
): Promise<FileLabel[]> {
  const sources = journal.facts.taint ?? [];
  const labels: FileLabel[] = [];
  for (const { call, tool } of calls) {
    const written = tool?.writes?.(call.arguments);
    if (written === undefined || sources.length === 0) continue;
    labels.push({
      path: await labelledPath(journal.agent.folder, written),
      sources,
      run_id: journal.run.id,
      at: timeText(parts.clock.now()),
    });
  }
  return labels;
}

/** What becomes of labels once a call is over: a command's window closes, a file written anew without taint is free. */
export async function labelsAfter(
  parts: LoopParts,
  journal: Journal,
  tool: Tool | undefined,
  call: LoadedCall,
): Promise<FileLabel[]> {
  const written = tool?.writes?.(call.arguments);
  if (written === undefined) return [];
  const tainted = (journal.facts.taint ?? []).length > 0;
  const at = timeText(parts.clock.now());
  const label = { sources: [], run_id: journal.run.id, at };
  if (written === ANY_FILE) {
    if (!tainted) return [];
    const path = await labelledPath(journal.agent.folder, written);
    // A command that itself brought in content from outside may have written it down before anybody knew.
    const since = { ...label, path, sources: journal.facts.taint ?? [], at: call.createdAt };
    return [since, { ...label, path, until: at }];
  }
  if (tainted || tool?.replaces !== true || !(await parts.policy(false)).hasFileLabels) return [];
  return [{ ...label, path: await labelledPath(journal.agent.folder, written), clear: true }];
}

/** A path by which a later read finds the label: without links as far as the file's folders are there. */
async function labelledPath(folder: string, written: string): Promise<string> {
  if (written === ANY_FILE) return `${await realpath(folder).catch(() => folder)}/`;
  const path = resolve(folder, written);
  for (let [head, tail] = [path, ""]; ;) {
    const real = await realpath(head).catch(() => null);
    if (real !== null) return tail === "" ? real : resolve(real, tail);
    const parent = resolve(head, "..");
    if (parent === head) return path;
    tail =
      tail === ""
        ? head.slice(parent.length).replace(/^\//, "")
        : `${head.slice(parent.length).replace(/^\//, "")}/${tail}`;
    head = parent;
  }
}
