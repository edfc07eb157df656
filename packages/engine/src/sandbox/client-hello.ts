/** What the first bytes of a connection say. */
export type FirstBytes =
  | { type: "incomplete" }
  /** `serverName` is null when it names none, `encrypted` true when it carries a second, hidden name. */
  | { type: "hello"; serverName: string | null; encrypted: boolean }
  | { type: "other" };

/** A ClientHello is far shorter, also one with keys against quantum computers. */
export const MAX_HELLO_BYTES = 16 * 1024;

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
const VERSION_AND_RANDOM = 34;

/** Reads the name of the server from the start of a TLS connection, and nothing else of it. */
export function readClientHello(bytes: Buffer): FirstBytes {
  const parts: Buffer[] = [];
  let held = 0;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== HANDSHAKE_RECORD || (bytes[at + 1] ?? 3) !== 3) return { type: "other" };
    if (at + RECORD_HEADER > bytes.length) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0) return { type: "other" };
    const part = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    parts.push(part);
    held += part.length;
    const message = wholeMessage(Buffer.concat(parts, held));
    if (message === "other") return { type: "other" };
    if (message !== null) return readHello(message);
    at += RECORD_HEADER + length;
  }
  return bytes.length < MAX_HELLO_BYTES ? { type: "incomplete" } : { type: "other" };
}

function wholeMessage(handshake: Buffer): Buffer | "other" | null {
  if (handshake.length > 0 && handshake[0] !== CLIENT_HELLO) return "other";
  if (handshake.length < MESSAGE_HEADER) return null;
  const length = handshake.readUIntBE(1, 3);
  if (length > MAX_HELLO_BYTES) return "other";
  const end = MESSAGE_HEADER + length;
  return handshake.length < end ? null : handshake.subarray(MESSAGE_HEADER, end);
}

function readHello(message: Buffer): FirstBytes {
  try {
    return extensionsOf(message);
  } catch {
    return { type: "other" }; // A length in it leads beyond its end.
  }
}

function extensionsOf(message: Buffer): FirstBytes {
  let at = VERSION_AND_RANDOM;
  at += 1 + message.readUInt8(at); // session
  at += 2 + message.readUInt16BE(at); // ciphers
  at += 1 + message.readUInt8(at); // compressions
  const hello = { type: "hello" as const, serverName: null as string | null, encrypted: false };
  if (at === message.length) return hello;
  const end = at + 2 + message.readUInt16BE(at);
  if (end !== message.length) return { type: "other" };
  for (at += 2; at < end;) {
    const kind = message.readUInt16BE(at);
    const body = message.subarray(at + 4, at + 4 + message.readUInt16BE(at + 2));
    at += 4 + message.readUInt16BE(at + 2);
    if (at > end) return { type: "other" };
    if (kind === ENCRYPTED_CLIENT_HELLO) hello.encrypted = true;
    if (kind !== SERVER_NAME) continue;
    // Two names could be read in two ways, so there may be one: a list of one host name and nothing after it.
    const length = body.readUInt16BE(3);
    const isOne = body.readUInt16BE(0) === length + 3 && body.length === length + 5 && body.readUInt8(2) === 0;
    if (!isOne || hello.serverName !== null) return { type: "other" };
    hello.serverName = body.toString("latin1", 5);
  }
  return hello;
}
