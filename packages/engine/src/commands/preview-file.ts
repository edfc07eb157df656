import type { Preview } from "@bureau/protocol";
import { type Converted, convertOffice } from "../previews/convert-office.ts";
import { makePreview } from "../previews/make-preview.ts";
import { findConversion, keepConversion } from "../store/artifacts.ts";
import type { ArtifactParts } from "./artifact-parts.ts";

/** Grows when the same file is converted to something else than before. */
const CONVERTER = 1;
/** Files that took too much, so that they are not tried again by this process. */
const MAX_REMEMBERED = 500;

type PreviewParts = Pick<ArtifactParts, "database" | "blobs" | "clock" | "secretIn">;

const problems = new Map<string, string>();
const atWork = new Map<string, Promise<Converted>>();

/** A file as data to look at. An office file is converted once: what came of it is kept by the hash of its bytes. */
export async function previewOf(parts: PreviewParts, name: string, bytes: Buffer): Promise<Preview> {
  return await makePreview(name, bytes, (content, hash, format) => readOffice(parts, content, { hash, format }));
}

async function readOffice(
  parts: PreviewParts,
  bytes: Buffer,
  { hash, format }: { hash: string; format: string },
): Promise<Converted> {
  const now = new Date(parts.clock.now());
  const kept = await findConversion(parts.database, { hash, format, converter: CONVERTER, now });
  const blob = kept === null ? null : await parts.blobs.get(kept).catch(() => null);
  if (blob !== null) return { content: JSON.parse(Buffer.from(blob).toString("utf8")) as unknown };
  const key = `${hash}:${format}`;
  const known = problems.get(key);
  if (known !== undefined) return { problem: known, lasting: true };
  const work = atWork.get(key) ?? convertOffice(bytes, format).finally(() => atWork.delete(key));
  atWork.set(key, work);
  const converted = await work;
  if ("content" in converted) await keep(parts, { hash, format, now }, JSON.stringify(converted.content));
  else if (converted.lasting) remember(key, converted.problem);
  return converted;
}

/** A blob would be in backups, where no secret may be. */
async function keep(
  parts: PreviewParts,
  key: { hash: string; format: string; now: Date },
  content: string,
): Promise<void> {
  if (parts.secretIn(content) !== null) return;
  await keepConversion(parts.database, { ...key, converter: CONVERTER, blobHash: await parts.blobs.put(content) });
}

function remember(key: string, problem: string): void {
  if (problems.size >= MAX_REMEMBERED) problems.delete(problems.keys().next().value!);
  problems.set(key, problem);
}
