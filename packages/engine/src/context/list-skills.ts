import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { AgentSkills, SkillFile } from "@bureau/protocol";
import { parseDocument } from "yaml";
import { type Places, readWithin, shownPath } from "./folder-files.ts";

/** Where skills lie in a folder, ours first and then those of other programs. */
const SKILL_FOLDERS = ["skills", ".agents/skills", ".claude/skills", ".codex/skills"];
const FILE_NAMES = ["SKILL.md", "skill.md", "Skill.md"];
const MAX_SKILLS = 500;
const MAX_BYTES = 64 * 1024;
const MAX_FRONT_MATTER = 16 * 1024;
const MAX_NAME = 64;
const MAX_DESCRIPTION = 1_024;

/**
 * Skills that lie in the agent's and the workspace's folders, the agent's first. Reads leniently: a file that is not
 * as it should be is listed with what is wrong. Runs nothing.
 */
export async function listSkills(places: Places): Promise<AgentSkills> {
  const skills: SkillFile[] = [];
  const notices: string[] = [];
  const seen = new Map<string, string>();
  for (const root of new Set([places.folder, places.workspace])) {
    for (const folder of SKILL_FOLDERS) {
      for (const name of await foldersIn(join(root, folder))) {
        if (skills.length >= MAX_SKILLS) {
          return {
            skills,
            notices: [...notices, `There are more than ${MAX_SKILLS} skills; the others are not listed.`],
          };
        }
        const skill = await readSkill(places, join(root, folder, name));
        if (skill === null) continue;
        const nearer = seen.get(skill.name);
        if (nearer === undefined) seen.set(skill.name, skill.path);
        else skill.problems.push(`Another skill of that name comes first: ${nearer}.`);
        skills.push(skill);
      }
    }
  }
  return { skills, notices };
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .toSorted();
}

async function readSkill(places: Places, folder: string): Promise<SkillFile | null> {
  const names = await readdir(folder).catch((): string[] => []);
  const file = FILE_NAMES.find((name) => names.includes(name));
  if (file === undefined) return null;
  const path = join(folder, file);
  const read = await readWithin(places, path, MAX_BYTES);
  const own = basename(folder);
  const shown = shownPath(places, path);
  if (!read.ok) return { name: own, description: "", path: shown, problems: [read.problem] };
  const { name, description, problems } = readFields(read.text, own);
  if (file !== "SKILL.md") problems.push("The file should be named SKILL.md.");
  if (read.isCut) problems.push(`It is larger than ${MAX_BYTES / 1024} KiB; only its beginning was read.`);
  return { name, description, path: shown, problems };
}

/** Name and description of a skill's front matter, or what stands for them, and what is wrong. Never throws. */
export function readFields(text: string, folder: string): Pick<SkillFile, "name" | "description" | "problems"> {
  const problems: string[] = [];
  const match = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text);
  if (match === null) problems.push("It has no front matter between two lines of `---`.");
  const fields = match === null ? {} : parseFields(match[1] ?? "", problems);
  const name = textOf(fields["name"]);
  const description = textOf(fields["description"]);
  if (match !== null && name === null) problems.push("It has no name; that of its folder is used.");
  if (name !== null && name.length > MAX_NAME) problems.push(`Its name is longer than ${MAX_NAME} characters.`);
  if (name !== null && name !== folder) problems.push(`Its name differs from that of its folder, ${folder}.`);
  if (description === null) problems.push("It has no description, by which an agent would find it.");
  return {
    name: (name ?? folder).slice(0, MAX_NAME),
    description: (description ?? "").slice(0, MAX_DESCRIPTION),
    problems,
  };
}

function parseFields(yaml: string, problems: string[]): Record<string, unknown> {
  if (yaml.length > MAX_FRONT_MATTER) {
    problems.push(`Its front matter is longer than ${MAX_FRONT_MATTER / 1024} KiB and was not read.`);
    return {};
  }
  try {
    const document = parseDocument(yaml, { logLevel: "silent" });
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    if (document.errors.length === 0 && isRecord(value)) return value;
  } catch {
    // What cannot be read as a whole is read line by line below.
  }
  problems.push("Its front matter is not valid YAML; it was read line by line.");
  return Object.fromEntries(
    [...yaml.matchAll(/^(name|description):[ \t]*(.+)$/gm)].map(([, key, value]) => [
      key,
      value?.replace(/^["']|["']$/g, ""),
    ]),
  );
}

function textOf(value: unknown): string | null {
  if (typeof value !== "string" && typeof value !== "number") return null;
  const text = String(value).replace(/\s+/g, " ").trim();
  return text === "" ? null : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
