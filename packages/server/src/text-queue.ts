/** Text that waits to be sent, and one reader that waits for text. */
export class TextQueue {
  #texts: string[] = [];
  #size = 0;
  #wake: () => void = () => undefined;

  /** Characters that wait. */
  get size(): number {
    return this.#size;
  }

  push(text: string): void {
    if (text === "") return;
    this.#texts.push(text);
    this.#size += text.length;
    this.#wake();
  }

  /** At least one text, and more while they fit into `limit` characters. */
  take(limit: number): string {
    let taken = "";
    let count = 0;
    for (const text of this.#texts) {
      if (count > 0 && taken.length + text.length > limit) break;
      taken += text;
      count += 1;
    }
    this.#texts = this.#texts.slice(count);
    this.#size -= taken.length;
    return taken;
  }

  clear(): void {
    this.#texts = [];
    this.#size = 0;
  }

  /** Resolves at the next `push` or `wake`. */
  woken(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  wake(): void {
    this.#wake();
  }
}
