interface Waiting<Input, Output> {
  input: Input;
  resolve(output: Output | Promise<Output>): void;
  reject(error: unknown): void;
}

/**
 * Makes a function whose calls, when they arrive at once or while one is on its way, share the next piece of work.
 *
 * `work` is given at most `most` inputs in the order they came, and answers each in its place: one promise that
 * rejects fails that call alone. When `work` itself rejects, every call of that piece does. Owners do not share.
 */
export function together<Owner extends object, Input, Output>(
  most: number,
  work: (owner: Owner, inputs: Input[]) => Promise<(Output | Promise<Output>)[]>,
): (owner: Owner, input: Input) => Promise<Output> {
  const lines = new WeakMap<Owner, Waiting<Input, Output>[]>();

  async function serve(owner: Owner, line: Waiting<Input, Output>[]): Promise<void> {
    // One turn of the event loop lets calls that came together share the first piece too.
    await new Promise((resolve) => setImmediate(resolve));
    while (line.length > 0) {
      const batch = line.splice(0, most);
      try {
        const outputs = await work(
          owner,
          batch.map(({ input }) => input),
        );
        for (const [index, { resolve }] of batch.entries()) resolve(outputs[index]!);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    lines.delete(owner);
  }

  return (owner, input) =>
    new Promise((resolve, reject) => {
      const waiting = { input, resolve, reject };
      const line = lines.get(owner);
      if (line !== undefined) return void line.push(waiting);
      const begun = [waiting];
      lines.set(owner, begun);
      void serve(owner, begun);
    });
}
