import { posix } from "node:path";
import { AppError } from "@bureau/protocol";
import { z } from "zod";
import { openFile, readWhole } from "./open-file.ts";
import { defineTool } from "./tool.ts";
import type { ToolOutput } from "./tool.ts";

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_TITLE_CHARACTERS = 200;
const MAX_NOTE_CHARACTERS = 2_000;

const parameters = z
  .strictObject({
    title: z.string().trim().min(1).max(MAX_TITLE_CHARACTERS),
    path: z.string().min(1).optional(),
    content: z.string().min(1).optional(),
    artifact: z.string().min(1).max(200).optional(),
    note: z.string().max(MAX_NOTE_CHARACTERS).optional(),
  })
  .refine((args) => (args.path === undefined) !== (args.content === undefined), {
    message: "or content must be given, and not both",
    path: ["path"],
  });

/** Idempotent by the call's id: the runtime publishes once for it, whatever the file holds when it is asked again. */
export const publishArtifact = defineTool({
  name: "publish_artifact",
  description:
    "Publishes a finished result for people: a file by its path, or Markdown as content. To change it later, publish a new version with its artifact id.",
  parameters,
  effect: "write_workspace",
  idempotent: true,
  exclusive: true,
  async execute({ title, path, content, artifact, note }, { folder, publish }): Promise<ToolOutput> {
    if (publish === undefined) throw new AppError("internal", "Nothing can be published here.");
    const published = await publish({
      title,
      note: note?.trim() || null,
      artifact: artifact ?? null,
      path: path ?? null,
      read: () => (path === undefined ? textFile(title, content ?? "") : readFile(folder, path)),
    });
    const { artifactId, version, bytes } = published;
    const text = [
      `Published ${JSON.stringify(title)} as version ${version} of ${artifactId} (${published.path}, ${bytes} bytes).`,
      ...published.notes,
    ].join(" ");
    const { path: file, kind } = published;
    return {
      text,
      view: { type: "file", path: file, bytes },
      item: { type: "artifact", path: file, title, artifactId, version, kind, bytes, note: note?.trim() || null },
    };
  },
});

function readFile(folder: string, path: string): { file: string; bytes: Buffer } {
  const file = openFile(folder, path);
  try {
    if (file.size > MAX_BYTES) {
      throw new AppError("too_large", `"${path}" has ${file.size} bytes; at most 32 MB can be published.`, {
        hint: "Publish a smaller file, and say where the large one is.",
      });
    }
    return { file: posix.basename(file.path), bytes: readWhole(file) };
  } finally {
    file.close();
  }
}

function textFile(title: string, content: string): { file: string; bytes: Buffer } {
  return { file: `${title.replace(/\.(md|markdown)$/i, "")}.md`, bytes: Buffer.from(content) };
}
