import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";

export interface ReadText {
  text: string;
  /** Size of the whole file. */
  bytes: number;
  /** SHA-256 of what was read. */
  hash: string;
  /** Where the text was cut; null when it is whole. */
  cutAt: number | null;
  /** True when bytes were no valid text and were replaced. */
  lossy: boolean;
}

/** Reads at most `maxBytes` of a text file, whatever its size. Rejects for what is not a regular file. */
export async function readText(path: string, maxBytes: number): Promise<ReadText> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error("it is no regular file");
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(Math.min(maxBytes, stat.size)),
      0,
      Math.min(maxBytes, stat.size),
      0,
    );
    const content = buffer.subarray(0, bytesRead);
    const cutAt = stat.size > bytesRead ? bytesRead : null;
    const hash = createHash("sha256").update(content).digest("hex");
    return { ...decode(content, cutAt !== null), bytes: stat.size, hash, cutAt };
  } finally {
    await handle.close();
  }
}

/** At most `maxBytes` of a text, cut after a line where possible. */
export function cutText(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const cut = decode(bytes.subarray(0, Math.max(0, maxBytes)), true).text;
  const line = cut.lastIndexOf("\n");
  return line > cut.length / 2 ? cut.slice(0, line) : cut;
}

function decode(content: Uint8Array, isCut: boolean): { text: string; lossy: boolean } {
  const encoding = content[0] === 0xff && content[1] === 0xfe ? "utf-16le" : "utf-8";
  // With `stream`, half a character at the cut is left out and is no error.
  const options = { stream: isCut };
  try {
    return clean(new TextDecoder(encoding, { fatal: true }).decode(content, options), false);
  } catch {
    return clean(new TextDecoder(encoding).decode(content, options), true);
  }
}

/** No NUL: the database cannot hold it. */
function clean(text: string, lossy: boolean): { text: string; lossy: boolean } {
  const readable = text.replaceAll("\0", "\uFFFD").replaceAll("\r\n", "\n");
  return { text: readable, lossy: lossy || text.includes("\0") };
}
