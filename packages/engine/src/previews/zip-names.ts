/** A directory with more entries is not read to its end. */
const MAX_ENTRIES = 4_096;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const MAX_FIRST_BYTES = 200;

export interface ZipLook {
  /** Names of its first entries, as its directory at the end tells them. */
  names: Set<string>;
  /** What the entry `mimetype` says, where it comes first and is not packed, as OpenDocument demands. */
  mimetype: string | null;
}

/** What a zip says of itself, without unpacking anything; null when it is none. */
export function lookIntoZip(bytes: Uint8Array): ZipLook | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endOf(view);
  if (end === null) return null;
  const names = new Set<string>();
  let at = view.getUint32(end + 16, true);
  for (let count = 0; count < MAX_ENTRIES && at + ENTRY_BYTES <= bytes.length; count += 1) {
    if (view.getUint32(at, true) !== ENTRY_SIGNATURE) break;
    const nameBytes = view.getUint16(at + 28, true);
    names.add(textAt(bytes, at + ENTRY_BYTES, nameBytes));
    at += ENTRY_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return { names, mimetype: mimetypeOf(bytes, view) };
}

/** Where the record at the end begins, which only a comment may follow. */
function endOf(view: DataView): number | null {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT_BYTES); at -= 1) {
    if (view.getUint32(at, true) === END_SIGNATURE) return at;
  }
  return null;
}

function mimetypeOf(bytes: Uint8Array, view: DataView): string | null {
  if (bytes.length < LOCAL_BYTES || view.getUint32(0, true) !== LOCAL_SIGNATURE) return null;
  const isPacked = view.getUint16(8, true) !== 0;
  const nameBytes = view.getUint16(26, true);
  if (isPacked || textAt(bytes, LOCAL_BYTES, nameBytes) !== "mimetype") return null;
  const size = view.getUint32(18, true);
  if (size > MAX_FIRST_BYTES) return null;
  return textAt(bytes, LOCAL_BYTES + nameBytes + view.getUint16(28, true), size);
}

function textAt(bytes: Uint8Array, from: number, length: number): string {
  return Buffer.from(bytes.subarray(from, from + length)).toString("latin1");
}
