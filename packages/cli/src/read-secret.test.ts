import { expect, test } from "vitest";
import { readSecret, type SecretInput } from "./read-secret.ts";

function inputOf(chunks: string[], isTerminal: boolean) {
  const modes: boolean[] = [];
  const asked: string[] = [];
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const stdin = Object.assign(bytes(), {
    isTTY: isTerminal,
    setRawMode: (on: boolean) => modes.push(on),
  }) as SecretInput["stdin"];
  return { input: { stdin, ask: (text: string) => asked.push(text) }, modes, asked };
}

test("a pipe is read to its end, lines and all", async () => {
  const { input, asked } = inputOf(["-----BEGIN\nab", "c\n"], false);
  expect(await readSecret(input, "Value: ")).toBe("-----BEGIN\nabc\n");
  expect(asked).toEqual([]);
});

test("at a terminal a line is read unseen, with what was erased left out", async () => {
  const { input, asked, modes } = inputOf(["hunx", "\u007fter2", "\rmore"], true);
  expect(await readSecret(input, "Value: ")).toBe("hunter2");
  expect(asked.join("")).toBe("Value: \n");
  expect(modes).toEqual([true, false]);
});

test("an interrupt ends the question, and the terminal is as it was", async () => {
  const { input, modes } = inputOf(["hun\u0003"], true);
  await expect(readSecret(input, "Value: ")).rejects.toMatchObject({ code: "invalid" });
  expect(modes).toEqual([true, false]);
});

test("more than any secret has is refused", async () => {
  const { input } = inputOf(["x".repeat(300_000)], false);
  await expect(readSecret(input, "Value: ")).rejects.toMatchObject({ code: "too_large" });
});
