import { StringDecoder } from "node:string_decoder";
import type { SecretFinder, SecretGuard } from "@bureau/engine";

/** More than the longest form of a secret that is looked for at once. */
const OVERLAP_CHARACTERS = 2_048;

/** Looks for secrets in a file that comes chunk by chunk. */
export function secretFinder(guard: SecretGuard): SecretFinder {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let found: string | null = null;
  return {
    push: (bytes) => {
      if (found !== null) return;
      const text = rest + decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      found = guard.holds(text);
      rest = text.slice(-OVERLAP_CHARACTERS);
    },
    found: () => found,
  };
}
