/** What is known of an artifact's plain file: the version that it should hold, and what it may hold of ours till then. */
export interface KnownFile {
  /** Hash of the newest version. */
  newest: string;
  /** Hashes of the version that the file was last known to hold, and of those since, without the newest. */
  held: ReadonlySet<string>;
  /** The newest is not known to be in the file yet. */
  isPending: boolean;
}

/** `write`: put the newest version there. `take_up`: somebody changed the file, which makes a version. */
export type FileVerdict = "same" | "write" | "take_up" | "gone";

/**
 * What an artifact's plain file asks for. `found` is the hash of what it holds; null when it is not there.
 *
 * What none of us has written is somebody's work: it becomes a version and is never written over. A file that was
 * taken away stays away until the next version.
 */
export function judgeFile(known: KnownFile, found: string | null): FileVerdict {
  if (found === known.newest) return "same";
  if (known.isPending) return found === null || known.held.has(found) ? "write" : "take_up";
  return found === null ? "gone" : "take_up";
}
