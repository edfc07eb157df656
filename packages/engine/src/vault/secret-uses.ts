import { open } from "node:fs/promises";
import { join } from "node:path";
import { secretReferences } from "./vault.ts";

/** Files of a workspace that may refer to secrets. */
const FILES = ["bureau.yaml", "mcp.json"];
const MAX_BYTES = 1024 * 1024;
/** `apiKeySecret: NAME` in the settings names a secret without the brackets. */
const NAMED = /\bapiKeySecret["']?\s*:\s*["']?([^\s"',}#]+)/g;

/** For each secret that a settings file refers to, the files; a name that is not well formed is among them. */
export async function secretUses(workspace: string): Promise<Map<string, string[]>> {
  const uses = new Map<string, string[]>();
  for (const file of FILES) {
    const text = await readBeginning(join(workspace, file));
    const named = [...text.matchAll(NAMED)].map((match) => match[1]!);
    for (const name of new Set([...secretReferences(text), ...named])) {
      uses.set(name, [...(uses.get(name) ?? []), file]);
    }
  }
  return uses;
}

/** Empty when there is no such file, or none that can be read: whoever needs it says so. */
async function readBeginning(path: string): Promise<string> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return "";
  try {
    const buffer = Buffer.alloc(MAX_BYTES);
    const { bytesRead } = await file.read(buffer, 0, MAX_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    return "";
  } finally {
    await file.close();
  }
}
