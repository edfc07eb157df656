import type { Agent } from "@bureau/protocol";

/** What the server lets people edit; it has the last word. */
const FILES = ["AGENTS.md", "AGENTS.override.md", "CLAUDE.md", "CLAUDE.local.md"];
const FOLDERS = ["memory", "skills"];
const SKILL_HOMES = [".agents", ".claude", ".codex"];

export interface EditPlace {
  /** The agent through whose folder it is edited. */
  agentId: string;
  /** Relative to that folder. */
  path: string;
}

/** Through which agent's folder a file can be edited: the nearest one that it lies in. Null: only on the machine. */
export function editPlace(path: string, workspace: string, agents: readonly Agent[]): EditPlace | null {
  const whole = path.startsWith("/") ? path : `${workspace}/${path}`;
  const nearest = agents
    .filter(({ folder }) => whole.startsWith(`${folder}/`))
    .reduce<Agent | null>((best, one) => (best === null || one.folder.length > best.folder.length ? one : best), null);
  if (nearest === null) return null;
  const within = whole.slice(nearest.folder.length + 1);
  return isContext(within.split("/")) ? { agentId: nearest.id, path: within } : null;
}

function isContext(names: readonly string[]): boolean {
  const [first = "", second = ""] = names;
  if (FILES.includes(names.at(-1) ?? "")) return true;
  return names.length > 1 && (FOLDERS.includes(first) || (SKILL_HOMES.includes(first) && second === "skills"));
}
