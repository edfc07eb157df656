import { z } from "zod";

/** A secret as it can be shown: never its value. */
export const Secret = z.object({
  name: z.string(),
  setAt: z.string(),
  /** Settings files that refer to it. */
  usedBy: z.array(z.string()),
});
export type Secret = z.infer<typeof Secret>;
