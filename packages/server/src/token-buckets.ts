import { AppError } from "@bureau/protocol";

const MINUTE_MS = 60_000;

/** How fast something may be done: so often a minute, and so often at once. */
export interface Rate {
  perMinute: number;
  burst: number;
}

/** Told with a `Retry-After`. */
export class RateLimited extends AppError {
  readonly retryAfterSeconds: number;

  constructor(message: string, waitMs: number) {
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    super("limit_reached", message, { hint: `Ask again in ${seconds} s.` });
    this.retryAfterSeconds = seconds;
  }
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * A bucket of tokens for each key, filled at a rate. In memory and bounded: when there are too many keys the one
 * that was used longest ago is forgotten, which fills its bucket.
 */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #maxKeys: number;

  constructor(rate: Rate, options: { now: () => number; maxKeys: number }) {
    this.#rate = rate;
    this.#now = options.now;
    this.#maxKeys = options.maxKeys;
  }

  /** Takes one. Returns 0, or how many milliseconds it is until there is one. */
  take(key: string): number {
    const bucket = this.#filled(key);
    this.#keep(key, bucket);
    if (bucket.tokens < 1) return this.#waitMs(bucket);
    bucket.tokens -= 1;
    return 0;
  }

  /** Puts one back that was taken for something that does not count after all. */
  giveBack(key: string): void {
    const bucket = this.#filled(key);
    bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + 1);
    this.#keep(key, bucket);
  }

  /** What `take` would return; nothing is taken. */
  peek(key: string): number {
    const bucket = this.#filled(key);
    return bucket.tokens < 1 ? this.#waitMs(bucket) : 0;
  }

  get size(): number {
    return this.#buckets.size;
  }

  #filled(key: string): Bucket {
    const now = this.#now();
    const known = this.#buckets.get(key);
    if (known === undefined) return { tokens: this.#rate.burst, at: now };
    // A clock that was set back fills nothing, and does not empty either.
    const gained = (Math.max(0, now - known.at) * this.#rate.perMinute) / MINUTE_MS;
    return { tokens: Math.min(this.#rate.burst, known.tokens + gained), at: now };
  }

  /** At the end of the map are those that were used last. */
  #keep(key: string, bucket: Bucket): void {
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size <= this.#maxKeys) return;
    const oldest = this.#buckets.keys().next().value;
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }

  #waitMs(bucket: Bucket): number {
    return ((1 - bucket.tokens) * MINUTE_MS) / this.#rate.perMinute;
  }
}
