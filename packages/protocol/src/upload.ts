import { z } from "zod";
import type { UploadId } from "./ids.ts";

/** Bytes of one file, and of all files of 24 hours. */
export const MAX_UPLOAD_BYTES = 25 * 1024 * 1024;
export const MAX_UPLOAD_BYTES_A_DAY = 200 * 1024 * 1024;

/** A file that a person gave, in an agent's folder. What it says is content from outside. */
export const Upload = z.object({
  id: z.custom<UploadId>((value) => typeof value === "string"),
  /** As it is called in the folder. */
  name: z.string(),
  /** What its bytes say that it is. */
  type: z.string(),
  bytes: z.number().int(),
  /** SHA-256 of its bytes. */
  hash: z.string(),
  /** Absolute. */
  path: z.string(),
  createdBy: z.string(),
  createdAt: z.string(),
});
export type Upload = z.infer<typeof Upload>;
