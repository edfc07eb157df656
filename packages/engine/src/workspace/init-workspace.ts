import { constants } from "node:fs";
import { copyFile, mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "@bureau/protocol";

export const TEMPLATES = ["company", "personal", "empty"] as const;
export type Template = (typeof TEMPLATES)[number];

const TEMPLATES_FOLDER = fileURLToPath(new URL("../../../../templates", import.meta.url));
/** Folders of every workspace; they may be empty. */
const FOLDERS = ["memory", "skills", "records", "goals", "agents", "artifacts"];
/** Names that packing and version control would treat as their own, and what they are called in a workspace. */
const RENAMED: Record<string, string> = { "dot-gitignore": ".gitignore" };

export interface InitReport {
  folder: string;
  /** Files that were written, relative to the folder. */
  created: string[];
  /** Files that were there already and stay as they are. */
  kept: string[];
}

/** Makes a workspace, or completes one. Nothing that exists is overwritten, so it can be run again. */
export async function initWorkspace(folder: string, template: Template = "company"): Promise<InitReport> {
  if (!TEMPLATES.includes(template)) {
    throw new AppError("invalid", `There is no template ${JSON.stringify(template)}.`, {
      hint: `Use ${TEMPLATES.join(", ")}.`,
    });
  }
  const report: InitReport = { folder, created: [], kept: [] };
  try {
    await mkdir(folder, { recursive: true });
    for (const name of FOLDERS) await mkdir(join(folder, name), { recursive: true });
    for (const source of [join(TEMPLATES_FOLDER, "common"), join(TEMPLATES_FOLDER, template)]) {
      await copyNew(source, folder, report);
    }
  } catch (error) {
    throw initError(folder, error);
  }
  return report;
}

/** True when the folder is a workspace: it has its settings file. */
export async function isWorkspace(folder: string): Promise<boolean> {
  return stat(join(folder, "bureau.yaml")).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function copyNew(source: string, folder: string, report: InitReport): Promise<void> {
  const entries = await readdir(source, { withFileTypes: true, recursive: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(relative(source, entry.parentPath), RENAMED[entry.name] ?? entry.name);
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    try {
      await copyFile(join(entry.parentPath, entry.name), target, constants.COPYFILE_EXCL);
      report.created.push(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      report.kept.push(path);
    }
  }
}

function initError(folder: string, error: unknown): AppError {
  const code = (error as NodeJS.ErrnoException).code;
  const hints: Record<string, string> = {
    EACCES: "Choose a folder that you may write to.",
    EPERM: "Choose a folder that you may write to.",
    EROFS: "Choose a folder on a disk that can be written.",
    ENOSPC: "Free some space on the disk.",
    EEXIST: "A file stands where a folder should be; choose another folder or move it.",
    ENOTDIR: "A file stands where a folder should be; choose another folder or move it.",
  };
  const hint = hints[code ?? ""];
  return new AppError("invalid", `A workspace could not be made in ${folder}: ${code ?? String(error)}.`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}
