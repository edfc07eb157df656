const waiting = new Map<string, Promise<unknown>>();

/** Runs the changes of one file one after the other, so that two edits made at once are both kept. */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const before = waiting.get(file) ?? Promise.resolve();
  const mine = before.then(work, work);
  waiting.set(file, mine);
  try {
    return await mine;
  } finally {
    if (waiting.get(file) === mine) waiting.delete(file);
  }
}
