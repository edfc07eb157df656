/** Folders and files of a workspace that say what is wanted and allowed. An agent reads them, and never writes them. */
const FOLDERS = ["goals"];
const FILES = ["bureau.yaml", "mcp.json"];
const AGENTS = "agents";

/** Names directly in an agent's folder, or in that of an agent of the workspace, that only a person writes. */
export const PERSONS_NAMES: readonly string[] = [...FOLDERS, ...FILES];

/**
 * Whether a path, given by its names from the agent's folder down, is a person's to write.
 *
 * A goal's file holds its checks and its budget: an agent that could write it could declare its own work done.
 */
export function isPersonsFile(names: readonly string[]): boolean {
  const lower = names.map((name) => name.toLowerCase());
  const inner = lower[0] === AGENTS ? lower.slice(2) : lower;
  const [first] = inner;
  if (first === undefined) return false;
  return FOLDERS.includes(first) || (inner.length === 1 && FILES.includes(first));
}
