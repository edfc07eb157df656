import { AppError } from "@bureau/protocol";

const MAX_BYTES = 256 * 1024;
const ENTER = ["\r", "\n", "\u0004"];
const ERASE = ["\u007f", "\b"];
const INTERRUPT = "\u0003";

/** What standard input and standard error must do for a secret to be read. */
export interface SecretInput {
  stdin: AsyncIterable<Uint8Array | string> & { isTTY?: boolean; setRawMode?(on: boolean): unknown };
  ask(text: string): void;
}

/** All of standard input; at a terminal one line, which is not shown while it is typed. */
export async function readSecret({ stdin, ask }: SecretInput, prompt: string): Promise<string> {
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) return readAll(stdin);
  ask(prompt);
  stdin.setRawMode(true);
  try {
    return await readLine(stdin);
  } finally {
    stdin.setRawMode(false);
    ask("\n");
  }
}

async function readAll(stdin: SecretInput["stdin"]): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const part = Buffer.from(chunk as Uint8Array);
    bytes += part.length;
    if (bytes > MAX_BYTES) throw new AppError("too_large", "Standard input is too long for a secret.");
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function readLine(stdin: SecretInput["stdin"]): Promise<string> {
  const decoder = new TextDecoder();
  let typed: string[] = [];
  for await (const chunk of stdin) {
    const text = decoder.decode(Buffer.from(chunk as Uint8Array), { stream: true });
    for (const character of text) {
      if (character === INTERRUPT) throw new AppError("invalid", "Nothing was set.");
      if (ENTER.includes(character)) return typed.join("");
      if (ERASE.includes(character)) typed = typed.slice(0, -1);
      else typed.push(character);
    }
    if (typed.length > MAX_BYTES) throw new AppError("too_large", "This is too long for a secret.");
  }
  return typed.join("");
}
