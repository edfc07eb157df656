import type { Blobs } from "../store/blobs.ts";
import type { CommandParts } from "./parts.ts";

/** What publishing and looking at artifacts and files stands on. */
export interface ArtifactParts extends Pick<
  CommandParts,
  "database" | "clock" | "workspace" | "dispatcher" | "signals" | "onEvents"
> {
  blobs: Pick<Blobs, "put" | "get">;
  /** The name of a secret whose value is in the text. */
  secretIn(text: string): string | null;
}
