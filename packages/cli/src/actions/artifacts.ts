import { join } from "node:path";
import { AppError, ARTIFACT_STATUSES, type ArtifactDetail, type CommentPlace } from "@bureau/protocol";
import { answer, argument, readWhole } from "../answer.ts";
import type { Call, CommonOptions } from "../command-line.ts";
import { connect } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { cleanText, count, oneLine, paint, relativeTime } from "../present/text.ts";
import { resolveReference } from "../references.ts";
import type { Terminal } from "../terminal.ts";
import { readWorkFilter, type WorkFilter } from "../work-filter.ts";

const MAX_VERSION = 2_147_483_647;

interface ListOptions extends WorkFilter {
  run?: string;
  thread?: string;
}

interface CommentOptions {
  on?: string;
  lines?: string;
  quote?: string;
}

interface DiffOptions {
  from?: string;
  to?: string;
}

export async function listArtifacts(call: Call<ListOptions>): Promise<void> {
  const { terminal, options } = call;
  const { client } = await connect(call);
  const run = options.run === undefined ? undefined : await resolveReference(client, "run", options.run);
  const thread = options.thread === undefined ? undefined : await resolveReference(client, "thread", options.thread);
  const list = await client.listArtifacts({
    query: {
      ...(await readWorkFilter(client, options, ARTIFACT_STATUSES)),
      ...(run === undefined ? {} : { run }),
      ...(thread === undefined ? {} : { thread }),
    },
  });
  answer(call, list, () => {
    if (list.artifacts.length === 0) return "Nothing was published.\n";
    return renderTable(
      terminal,
      [
        { title: "ARTIFACT", value: (artifact) => artifact.name },
        { title: "VERSION", value: (artifact) => String(artifact.version) },
        { title: "CHANGED", value: (artifact) => relativeTime(terminal.now(), artifact.updatedAt) },
        { title: "COMMENTS", value: (artifact) => String(artifact.openComments) },
        { title: "KIND", value: (artifact) => artifact.kind },
        { title: "TITLE", value: (artifact) => oneLine(artifact.title, 300), flexible: true },
      ],
      list.artifacts,
    );
  });
}

export async function showArtifact(call: Call): Promise<void> {
  const { client } = await connect(call);
  const detail = await client.getArtifact({ params: { artifact: await artifactId(call) } });
  answer(call, detail, () => renderArtifact(call.terminal, detail));
}

/** Prints where the newest version lies as a plain file, for whichever program opens it. */
export async function openArtifact(call: Call): Promise<void> {
  const { client, workspace } = await connect(call);
  const { artifact, fileNote } = await client.getArtifact({ params: { artifact: await artifactId(call) } });
  const path = join(workspace, artifact.path);
  if (fileNote !== null) call.terminal.err(`${oneLine(fileNote, 500)}\n`);
  answer(call, { path, fileNote }, () => `${path}\n`);
}

export async function commentArtifact(call: Call<CommentOptions>): Promise<void> {
  const { client } = await connect(call);
  const { options } = call;
  const version = readWhole("--on", options.on, { min: 1, max: MAX_VERSION });
  const place = placeOf(options);
  const reply = await client.commentArtifact({
    params: { artifact: await artifactId(call) },
    body: {
      text: argument(call, 1),
      ...(version === undefined ? {} : { version }),
      ...(place === undefined ? {} : { place }),
    },
  });
  answer(call, reply, () =>
    reply.steered ? `${reply.run.id} will read it at its next safe point.\n` : `${reply.run.id} starts on it.\n`,
  );
}

export async function diffArtifact(call: Call<DiffOptions>): Promise<void> {
  const { client } = await connect(call);
  const from = readWhole("--from", call.options.from, { min: 1, max: MAX_VERSION });
  const to = readWhole("--to", call.options.to, { min: 1, max: MAX_VERSION });
  const difference = await client.diffArtifact({
    params: { artifact: await artifactId(call) },
    query: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
  });
  answer(call, difference, () => {
    if (difference.hunks.length === 0) return "Nothing differs.\n";
    const lines = [`--- version ${difference.from.number}`, `+++ version ${difference.to.number}`];
    for (const hunk of difference.hunks) {
      lines.push(`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`);
      lines.push(...hunk.lines.map((line) => patchLine(call.terminal, line)));
    }
    if (difference.truncated) lines.push("(More differs than is shown.)");
    return `${lines.join("\n")}\n`;
  });
}

async function artifactId(call: Pick<Call, "terminal" | "args"> & { options: CommonOptions }): Promise<string> {
  const { client } = await connect(call);
  return await resolveReference(client, "artifact", argument(call, 0));
}

/** `--lines 4-9` or `--lines 4`. */
function placeOf({ lines, quote }: CommentOptions): CommentPlace | undefined {
  if (lines !== undefined && quote !== undefined) {
    throw new AppError("invalid", "--lines and --quote cannot both be given.", { hint: "Name one place." });
  }
  if (quote !== undefined) return { quote };
  if (lines === undefined) return undefined;
  const [, from, to = from] = /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(lines) ?? [];
  if (from !== undefined && Number(from) >= 1 && Number(from) <= Number(to))
    return { lines: { from: Number(from), to: Number(to) } };
  throw new AppError("invalid", `--lines cannot be "${lines.slice(0, 40)}".`, { hint: "Write 4 or 4-9." });
}

function patchLine(terminal: Terminal, line: string): string {
  const text = cleanText(line);
  if (line.startsWith("+")) return paint(terminal, "green", text);
  return line.startsWith("-") ? paint(terminal, "red", text) : text;
}

function renderArtifact(terminal: Terminal, { artifact, versions, comments, fileNote }: ArtifactDetail): string {
  const at = (time: string) => relativeTime(terminal.now(), time);
  const lines = [
    cleanText(artifact.title),
    `${artifact.id}  ${artifact.status}  ${artifact.kind}  ${count(artifact.bytes, "byte")}`,
    `File: ${oneLine(artifact.path, 500)}`,
    ...(fileNote === null ? [] : [oneLine(fileNote, 500)]),
    "",
    ...versions.map((version) => {
      const who = version.origin === "hand" ? "by hand" : (version.runId ?? "-");
      const outside =
        version.sources.length > 0
          ? `  from outside: ${version.sources.map((one) => oneLine(one.name, 80)).join(", ")}`
          : "";
      return `version ${version.number}  ${at(version.createdAt)}  ${who}${outside}${version.note === null ? "" : `  ${oneLine(version.note, 300)}`}`;
    }),
  ];
  if (comments.length > 0) lines.push("");
  for (const comment of comments) {
    const place = comment.place?.lines;
    const where =
      place === undefined
        ? ""
        : `, ${place.from === place.to ? `line ${place.from}` : `lines ${place.from}-${place.to}`}`;
    lines.push(
      `${comment.status}  ${comment.id}  ${oneLine(comment.by, 60)} on version ${comment.version}${where}, ${at(comment.createdAt)}:`,
    );
    if (comment.place?.quote !== undefined) lines.push(`  > ${oneLine(comment.place.quote, 200)}`);
    lines.push(`  ${oneLine(comment.text, 1_000)}`);
  }
  return `${lines.join("\n")}\n`;
}
