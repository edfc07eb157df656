import type { Caller } from "./caller.ts";
import type { Peer } from "./peer.ts";
import { RateLimited, type Rate, TokenBuckets } from "./token-buckets.ts";

/** The owner's programs are not to feel any limit, those beside the server still less. */
const OWNER_FACTOR = 100;
const LOCAL_OWNER_FACTOR = 1_000;
/** Whoever runs programs on this machine has easier ways to disturb it. */
const LOCAL_FACTOR = 10;
const CALLER: Rate = { perMinute: 600, burst: 100 };
/** Several devices may stand behind one address. */
const ADDRESS: Rate = times(CALLER, 5);
/** Files of the web app, and whether the server is up. */
const VISITOR: Rate = { perMinute: 600, burst: 300 };
/** The API without a token that holds. */
const STRANGER: Rate = { perMinute: 60, burst: 60 };
const SIGN_IN: Rate = { perMinute: 5, burst: 5 };
/** Of all addresses together, besides this machine's own. */
const ALL_SIGN_INS: Rate = { perMinute: 30, burst: 30 };
/** Tokens of notifications that do not hold, of an address and of all. */
const PUSH_DECISION: Rate = { perMinute: 30, burst: 30 };
const ALL_PUSH_DECISIONS: Rate = { perMinute: 300, burst: 300 };
const PUSH_TEST: Rate = { perMinute: 6, burst: 6 };
/** What passkeys are to sign, of an address and of all: each is a row. */
const CHALLENGE: Rate = { perMinute: 10, burst: 10 };
const ALL_CHALLENGES: Rate = { perMinute: 120, burst: 120 };
const MAX_KEYS = 10_000;
const MAX_RECOGNIZED = 1_000;

function times({ perMinute, burst }: Rate, factor: number): Rate {
  return { perMinute: perMinute * factor, burst: burst * factor };
}

/** Who may ask how often. Each throws `RateLimited` when it is too much. */
export interface RequestLimits {
  visitor(peer: Peer): void;
  stranger(peer: Peer): void;
  caller(caller: Caller, peer: Peer): void;
  /**
   * Before a secret is looked at: refuses those who have sent too many wrong ones. One that held lately is let
   * through, so that a stranger cannot keep out who shares their address.
   */
  guess(peer: Peer, secretHash: string | null): void;
  recognized(secretHash: string): void;
  /** Counts a sign-in; call what it returns when it was no failure. */
  signIn(peer: Peer): () => void;
  /** Counts a decision by a notification's token; call what it returns when the token held. */
  pushDecision(peer: Peer): () => void;
  /** By the id of whoever asks. */
  pushTest(caller: string): void;
  challenge(peer: Peer): void;
}

export function createRequestLimits(now: () => number): RequestLimits {
  const buckets = (rate: Rate) => new TokenBuckets(rate, { now, maxKeys: MAX_KEYS });
  const byPlace = (rate: Rate, factor: number) => {
    const [others, locals] = [buckets(rate), buckets(times(rate, factor))];
    return (peer: Peer) => (peer.isLocal ? locals : others);
  };
  const owners = byPlace(times(CALLER, OWNER_FACTOR), LOCAL_OWNER_FACTOR / OWNER_FACTOR);
  const [visitors, strangers] = [byPlace(VISITOR, LOCAL_FACTOR), byPlace(STRANGER, LOCAL_FACTOR)];
  const [callers, addresses] = [buckets(CALLER), buckets(ADDRESS)];
  const [signIns, allSignIns] = [buckets(SIGN_IN), buckets(ALL_SIGN_INS)];
  const [decisions, allDecisions] = [buckets(PUSH_DECISION), buckets(ALL_PUSH_DECISIONS)];
  const [challenges, allChallenges] = [buckets(CHALLENGE), buckets(ALL_CHALLENGES)];
  const pushTests = buckets(PUSH_TEST);
  const recognized = new Set<string>();
  return {
    visitor: (peer) => check(visitors(peer).take(peer.address), "requests from this address"),
    stranger: (peer) => check(strangers(peer).take(peer.address), "requests without a token that holds"),
    caller(caller, peer) {
      if (caller.deviceId === null) return check(owners(peer).take("owner"), "requests by the owner");
      check(callers.take(caller.deviceId), `requests by ${caller.name}`);
      check(addresses.take(peer.address), "requests from this address");
    },
    guess(peer, secretHash) {
      if (peer.isLocal || (secretHash !== null && recognized.has(secretHash))) return;
      check(strangers(peer).peek(peer.address), "requests without a token that holds");
    },
    recognized(secretHash) {
      recognized.delete(secretHash);
      recognized.add(secretHash);
      const [oldest] = recognized;
      if (recognized.size > MAX_RECOGNIZED && oldest !== undefined) recognized.delete(oldest);
    },
    signIn(peer) {
      check(signIns.take(peer.address), "attempts to sign in from this address");
      // A stranger cannot use up what the person at the machine signs in by.
      if (!peer.isLocal) check(allSignIns.take("all"), "attempts to sign in");
      return () => {
        signIns.giveBack(peer.address);
        if (!peer.isLocal) allSignIns.giveBack("all");
      };
    },
    pushDecision(peer) {
      check(decisions.take(peer.address), "decisions from this address");
      check(allDecisions.take("all"), "decisions by notifications");
      return () => {
        decisions.giveBack(peer.address);
        allDecisions.giveBack("all");
      };
    },
    pushTest: (caller) => check(pushTests.take(caller), "tests of notifications"),
    challenge(peer) {
      check(challenges.take(peer.address), "attempts to sign in from this address");
      if (!peer.isLocal) check(allChallenges.take("all"), "attempts to sign in");
    },
  };
}

function check(waitMs: number, what: string): void {
  if (waitMs > 0) throw new RateLimited(`There were too many ${what}.`, waitMs);
}
