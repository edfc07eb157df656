/** Types that are told by their first bytes, by the family that the bytes show. */
type Family =
  | "png"
  | "jpeg"
  | "gif"
  | "webp"
  | "bmp"
  | "tiff"
  | "isom"
  | "pdf"
  | "zip"
  | "ole"
  | "gzip"
  | "webm"
  | "ogg"
  | "mp3"
  | "aac"
  | "wav"
  | "flac"
  | "program"
  | "text"
  | "unknown";

/** How many of a file's first bytes tell its family. */
const HEAD_BYTES = 64;

/** What a family is taken for where nobody says more. */
const OWN_TYPE: Record<Family, string> = {
  png: "image/png",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  bmp: "image/bmp",
  tiff: "image/tiff",
  isom: "video/mp4",
  pdf: "application/pdf",
  zip: "application/zip",
  ole: "application/x-ole-storage",
  gzip: "application/gzip",
  webm: "video/webm",
  ogg: "audio/ogg",
  mp3: "audio/mpeg",
  aac: "audio/aac",
  wav: "audio/wav",
  flac: "audio/flac",
  program: "application/x-executable",
  text: "text/plain",
  unknown: "application/octet-stream",
};

/** Claims that name a family; anything else says only that it is bytes, or text. */
const CLAIMS: readonly [RegExp, Family][] = [
  [/^image\/(?:x-)?png$/, "png"],
  [/^image\/(?:jpeg|jpg|pjpeg)$/, "jpeg"],
  [/^image\/gif$/, "gif"],
  [/^image\/webp$/, "webp"],
  [/^image\/(?:x-ms-)?bmp$/, "bmp"],
  [/^image\/tiff$/, "tiff"],
  [/^image\/(?:heic|heif|avif)(?:-sequence)?$|^(?:video|audio)\/(?:mp4|quicktime|x-m4a|m4a|x-m4v|3gpp2?)$/, "isom"],
  [/^application\/(?:x-)?pdf$/, "pdf"],
  [
    /^application\/(?:(?:x-)?zip(?:-compressed)?|epub\+zip|vnd\.(?:openxmlformats-officedocument|oasis\.opendocument)\..+)$/,
    "zip",
  ],
  [/^application\/(?:msword|vnd\.ms-(?:excel|powerpoint|outlook)|x-ole-storage)$/, "ole"],
  [/^application\/(?:x-)?gzip$/, "gzip"],
  [/^(?:video|audio)\/(?:webm|x-matroska)$/, "webm"],
  [/^(?:audio|video|application)\/(?:x-)?(?:ogg|opus)$/, "ogg"],
  [/^audio\/(?:mpeg|mp3)$/, "mp3"],
  [/^audio\/(?:x-)?aac$/, "aac"],
  [/^audio\/(?:x-|vnd\.)?wave?$/, "wav"],
  [/^audio\/(?:x-)?flac$/, "flac"],
  [/^text\/|^application\/(?:.+\+)?(?:json|xml|yaml|x-yaml|javascript|toml|x-ndjson|sql)$|^image\/svg\+xml$/, "text"],
];

export type FileType = { ok: true; type: string } | { ok: false; why: string };

/**
 * What a file is, by its first bytes. What its sender says narrows that down, and is refused where the bytes say
 * something else: a name and a type are words, bytes are what is opened.
 *
 * Programs for a processor are refused, whatever they are called.
 */
export function fileType(claim: string, bytes: Uint8Array): FileType {
  const claimed = claim.split(";")[0]!.trim().toLowerCase();
  const family = familyOf(bytes);
  if (family === "program") return { ok: false, why: "it is a program" };
  const wanted = CLAIMS.find(([pattern]) => pattern.test(claimed))?.[1];
  if (wanted === undefined) return { ok: true, type: OWN_TYPE[family] };
  if (wanted === family) return { ok: true, type: claimed };
  const what = family === "unknown" ? "its bytes are none of it" : `its bytes are ${OWN_TYPE[family]}`;
  return { ok: false, why: `it is said to be ${claimed.slice(0, 100)}, and ${what}` };
}

const MAGIC: readonly [Family, number, string][] = [
  ["png", 0, "\x89PNG\r\n\x1a\n"],
  ["jpeg", 0, "\xff\xd8\xff"],
  ["gif", 0, "GIF87a"],
  ["gif", 0, "GIF89a"],
  ["bmp", 0, "BM"],
  ["tiff", 0, "II*\0"],
  ["tiff", 0, "MM\0*"],
  ["isom", 4, "ftyp"],
  ["pdf", 0, "%PDF-"],
  ["zip", 0, "PK\x03\x04"],
  ["zip", 0, "PK\x05\x06"],
  ["ole", 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
  ["gzip", 0, "\x1f\x8b"],
  ["webm", 0, "\x1aE\xdf\xa3"],
  ["ogg", 0, "OggS"],
  ["flac", 0, "fLaC"],
  ["mp3", 0, "ID3"],
  ["program", 0, "MZ"],
  ["program", 0, "\x7fELF"],
  ["program", 0, "\xfe\xed\xfa\xce"],
  ["program", 0, "\xfe\xed\xfa\xcf"],
  ["program", 0, "\xce\xfa\xed\xfe"],
  ["program", 0, "\xcf\xfa\xed\xfe"],
  ["program", 0, "\xca\xfe\xba\xbe"],
  ["program", 0, "\0asm"],
];

function familyOf(bytes: Uint8Array): Family {
  const head = String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
  if (head.startsWith("RIFF"))
    return head.startsWith("WEBP", 8) ? "webp" : head.startsWith("WAVE", 8) ? "wav" : "unknown";
  const isText = looksText(bytes);
  // Short marks of letters begin words too: `BM`, `MZ`, `ID3`.
  const found = MAGIC.find(([, at, mark]) => head.startsWith(mark, at))?.[0];
  if (found !== undefined && !(isText && (found === "bmp" || found === "program" || found === "mp3"))) return found;
  const [first = 0, second = 0] = bytes;
  if (first === 0xff && (second & 0xf6) === 0xf0) return "aac";
  if (first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x06) !== 0) return "mp3";
  return isText ? "text" : "unknown";
}

/** UTF-8, or UTF-16 that says so, without what no text has. */
function looksText(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return true;
  const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isWide) return bytes.length % 2 === 0;
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

const MAX_STEM = 48;
const MAX_EXTENSION = 10;
const HASH_CHARACTERS = 8;

/**
 * The name of a file in a folder, made of what it was called and of its bytes.
 *
 * Letters, digits and hyphens alone, and one dot: nothing that a shell, a path or a person's words could mean by it,
 * so that no name that a stranger chose counts as an address.
 */
export function safeFileName(name: string, hash: string): string {
  const last = name.normalize("NFC").split(/[/\\]/).at(-1) ?? "";
  const dot = last.lastIndexOf(".");
  const [stem, extension] = dot > 0 ? [last.slice(0, dot), last.slice(dot + 1)] : [last, ""];
  const plain = (text: string, pattern: RegExp) => text.replace(pattern, "-").replace(/-+/g, "-").replace(/^-|-$/g, "");
  const start = Array.from(plain(stem, /[^\p{L}\p{N}]+/gu))
    .slice(0, MAX_STEM)
    .join("")
    .replace(/-$/, "");
  const end = extension
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .slice(0, MAX_EXTENSION);
  return `${start === "" ? "file" : start}-${hash.slice(0, HASH_CHARACTERS)}${end === "" ? "" : `.${end}`}`;
}
