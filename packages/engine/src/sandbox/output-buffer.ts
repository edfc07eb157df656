/** Bytes kept of an output that may be endless: its head and its tail. */
export interface OutputBuffer {
  add(chunk: Buffer): void;
  /** Every byte that ever came, kept or not. */
  totalBytes(): number;
  /** The kept text, with a line that says how much is missing where it was cut. */
  finish(): { output: string; droppedBytes: number };
}

/** Keeps the first half and the last half of `limit` bytes. Never holds more than twice `limit`. */
export function createOutputBuffer(limit: number): OutputBuffer {
  const headLimit = Math.ceil(limit / 2);
  const tailLimit = limit - headLimit;
  const head: Buffer[] = [];
  let headBytes = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let total = 0;

  const trimTail = () => {
    const all = Buffer.concat(tail);
    const kept = Buffer.from(all.subarray(Math.max(0, all.length - tailLimit)));
    tail = [kept];
    tailBytes = kept.length;
  };

  return {
    add(chunk) {
      total += chunk.length;
      const room = headLimit - headBytes;
      if (room > 0) {
        head.push(chunk.subarray(0, room));
        headBytes += Math.min(room, chunk.length);
      }
      if (chunk.length <= room || tailLimit === 0) return;
      const rest = chunk.subarray(Math.max(0, room));
      tail.push(rest);
      tailBytes += rest.length;
      if (tailBytes > 2 * tailLimit || tail.length > 1024) trimTail();
    },
    totalBytes: () => total,
    finish() {
      trimTail();
      const dropped = total - headBytes - tailBytes;
      const start = Buffer.concat(head);
      const end = tail[0] ?? Buffer.alloc(0);
      if (dropped === 0) return { output: Buffer.concat([start, end]).toString("utf8"), droppedBytes: 0 };
      const headText = start.subarray(0, wholeCharacters(start)).toString("utf8");
      const tailText = end.subarray(firstCharacter(end)).toString("utf8");
      return { output: `${headText}\n[... ${dropped} bytes dropped ...]\n${tailText}`, droppedBytes: dropped };
    },
  };
}

/** Length of `bytes` without a character that was cut at its end. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

/** Position of the first byte that begins a character. */
function firstCharacter(bytes: Buffer): number {
  let position = 0;
  while (position < Math.min(3, bytes.length) && (bytes[position]! & 0xc0) === 0x80) position += 1;
  return position;
}
