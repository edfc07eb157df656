import type { GoalText } from "@bureau/protocol";
import { writeGoalFile } from "../goals/goal-file.ts";
import { findGoal } from "../queries/lookup.ts";
import { absolutePath, readGoalFile } from "./goal-files.ts";
import type { CommandParts } from "./parts.ts";

/**
 * The text of a goal's file, with its comments and the keys that Bureau does not know, and the goal's version.
 *
 * The version is read before the text: an edit made with both is refused where the goal has moved on since.
 */
export async function getGoalText(parts: CommandParts, reference: string): Promise<GoalText> {
  const goal = await findGoal(parts.database, reference);
  const file = goal.file === null ? null : await readGoalFile(absolutePath(parts, goal.file));
  return { text: file?.text ?? writeGoalFile(null, goal.spec), version: goal.version };
}
