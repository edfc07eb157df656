import type { FileBytes } from "@bureau/engine";
import type { AppContext } from "./app-parts.ts";
import type { RequestInput } from "./read-input.ts";

export type BytesHandlers<Name extends string> = Record<
  Name,
  (input: RequestInput, context: AppContext) => Promise<Response>
>;

/** Kinds that a browser shows without running anything of them. All others are bytes to it. */
const SHOWN_TYPES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"]);
const INERT_POLICY = "sandbox; default-src 'none'";

/**
 * A file for a person to save, which does nothing wherever it is opened: never HTML, SVG or script by its type, and
 * without an origin should a browser show it all the same.
 */
export function fileReply(context: AppContext, { name, mediaType, bytes }: FileBytes): Response {
  const type = SHOWN_TYPES.has(mediaType)
    ? mediaType
    : mediaType.startsWith("text/")
      ? "text/plain; charset=utf-8"
      : "application/octet-stream";
  return context.body(bytes, 200, {
    "content-type": type,
    "content-length": `${bytes.byteLength}`,
    "content-disposition": disposition(name),
    "content-security-policy": INERT_POLICY,
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
  });
}

/** Both forms of RFC 6266: plain letters for old programs, the whole name for others. */
function disposition(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._ -]/g, "_");
  const whole = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${whole}`;
}
