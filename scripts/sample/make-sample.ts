import { constants } from "node:fs";
import { copyFile, mkdir, readdir, readFile, stat, utimes } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const TEMPLATES = fileURLToPath(new URL("../../templates/", import.meta.url));
export const SAMPLE_REHEARSAL = join(TEMPLATES, "sample-rehearsal.jsonl");
export const SAMPLE_AGENT = "writer";
export const SAMPLE_GOAL = "spring-risks";
export const SAMPLE_RESULT = join("agents", SAMPLE_AGENT, "report.md");
/** All files have one date, so that they are listed in the same order in every copy. */
const FILE_DATE = new Date("2026-03-02T08:00:00Z");

/** Makes the sample workspace, or completes it. Nothing that exists is changed. */
export async function makeSample(folder: string): Promise<void> {
  const source = join(TEMPLATES, "sample");
  for (const entry of await readdir(source, { withFileTypes: true, recursive: true })) {
    if (entry.isFile())
      await copyNew(join(entry.parentPath, entry.name), join(folder, relative(source, entry.parentPath), entry.name));
  }
  await copyNew(join(TEMPLATES, "common", "dot-gitignore"), join(folder, ".gitignore"));
}

async function copyNew(from: string, to: string): Promise<void> {
  if ((await stat(to).catch(() => null)) !== null) return;
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to, constants.COPYFILE_EXCL);
  await utimes(to, FILE_DATE, FILE_DATE);
}

/** The text of the sample's goal; without its command check where no sandbox can run it. */
export async function sampleGoal(withCommand: boolean): Promise<string> {
  const text = await readFile(join(TEMPLATES, "sample-goal.md"), "utf8");
  return withCommand ? text : text.replace(/^ {2}- command: .*\n/m, "");
}
