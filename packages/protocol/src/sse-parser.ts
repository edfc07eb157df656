/** Longest message that is kept; a longer one is an error of the server. */
const MAX_MESSAGE_CHARACTERS = 16 * 1024 * 1024;

/** One message of a server-sent event stream. A message without data only moves the id. */
export interface SseMessage {
  event: string;
  data: string | null;
  /** Null when the message has none of its own. */
  id: string | null;
}

/**
 * Reads server-sent events from text that arrives in pieces cut anywhere.
 *
 * Each call gives the messages that the new piece completes. Comments are left out. Throws when a message is
 * longer than 16 MiB of characters.
 */
export function createSseParser(): (piece: string) => SseMessage[] {
  let rest = "";
  let event = "";
  let id: string | null = null;
  let data: string[] = [];
  let size = 0;

  function takeLine(line: string): SseMessage | null {
    if (line === "") {
      const message = { event: event === "" ? "message" : event, data: data.length === 0 ? null : data.join("\n"), id };
      const isEmpty = message.data === null && id === null;
      [event, id, data, size] = ["", null, [], 0];
      return isEmpty ? null : message;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") event = value;
    if (field === "id" && !value.includes("\0")) id = value;
    if (field === "data") {
      size += value.length;
      data.push(value);
    }
    return null;
  }

  return (piece) => {
    const messages: SseMessage[] = [];
    // A carriage return at the end may be half of a line end: it waits for what follows.
    const text = rest + piece;
    const pattern = /\r\n|\n|\r(?!$)/g;
    let start = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const message = takeLine(text.slice(start, match.index));
      if (message !== null) messages.push(message);
      start = pattern.lastIndex;
    }
    rest = text.slice(start);
    if (rest.length + size > MAX_MESSAGE_CHARACTERS) throw new Error("A message of the event stream is too long.");
    return messages;
  };
}
