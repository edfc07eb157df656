const FILES = new Set(["AGENTS.md", "AGENTS.override.md", "CLAUDE.md", "CLAUDE.local.md"]);
const FOLDERS = new Set(["memory", "skills"]);
/** Folders that hold skills of their own kind. */
const SKILL_HOMES = new Set([".agents", ".claude", ".codex"]);
const TEXT_ENDINGS = /\.(md|markdown|txt|ya?ml|json|toml|csv|py|sh|js|ts)$/i;

/**
 * Whether a person may edit the file in the app: what an agent is told about itself, what it remembers and its skills.
 * The names are those from the agent's folder down.
 */
export function isContextPath(names: readonly string[]): boolean {
  const last = names.at(-1);
  if (last === undefined || names.includes("..") || names.includes("")) return false;
  if (FILES.has(last)) return true;
  const [first = "", second = ""] = names;
  const isInFolder = names.length > 1 && FOLDERS.has(first);
  const isInHome = names.length > 2 && SKILL_HOMES.has(first) && second === "skills";
  return (isInFolder || isInHome) && TEXT_ENDINGS.test(last);
}
