import { aiSdk } from "./ai-sdk.ts";
import { bare } from "./bare.ts";
import { bureau } from "./bureau.ts";
import type { Subject } from "./subject.ts";

/** Everything that is measured, in the order of the table's columns. */
export const SUBJECTS: Subject[] = [bare, aiSdk, bureau];
