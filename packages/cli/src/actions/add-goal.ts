import { relative } from "node:path";
import { AppError, type CreateGoal, type Goal } from "@bureau/protocol";
import { answer } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect, type Connection } from "../connect.ts";
import { type FieldOptions, readFields, readGivenFile } from "../goal-fields.ts";
import { goalLine } from "../present/words.ts";
import { followGoal } from "./follow-goal.ts";

export interface AddGoalOptions extends FieldOptions {
  file?: string;
  agent?: string;
  name?: string;
  draft?: boolean;
  wait?: boolean;
}

/** Sets a goal. With `--wait` it stays until the goal is done (0), ends otherwise (6) or needs a person (7). */
export async function addGoal(call: Call<AddGoalOptions>): Promise<number> {
  if (call.options.wait !== true) {
    const { goal } = await createGoal(call, await connect(call));
    answer(call, goal, () => `${goalLine(call.terminal, goal)}Follow it with \`bureau goal show ${goal.name}\`.\n`);
    return 0;
  }
  const { withServer } = await import("../local/serve-here.ts");
  return withServer(call, async (connection) => {
    const { goal, after } = await createGoal(call, connection);
    if (call.options.json !== true) call.terminal.err(goalLine(call.terminal, goal));
    return followGoal(call, connection, { goalId: goal.id, after });
  });
}

async function createGoal(call: Call<AddGoalOptions>, connection: Connection): Promise<{ goal: Goal; after: number }> {
  const body = await readGoal(call, connection.workspace);
  const { lastSeq } = await connection.client.getStatus();
  return { goal: await connection.client.createGoal({ body }), after: lastSeq };
}

async function readGoal(call: Call<AddGoalOptions>, workspace: string): Promise<CreateGoal> {
  const { options } = call;
  const text = call.args[0] as string | undefined;
  const fields = readFields(options);
  const common = {
    ...(options.agent === undefined ? {} : { agent: options.agent }),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.draft === true ? { draft: true } : {}),
  };
  if ((text === undefined) === (options.file === undefined)) {
    throw new AppError("invalid", "A goal is given either as text or with --file.", {
      hint: 'Write it as `bureau goal add "Write report.md with three risks"`.',
    });
  }
  if (options.file === undefined) return { ...common, spec: { ...fields, brief: text ?? "" } };
  if (Object.keys(fields).length > 0) {
    throw new AppError("invalid", "With --file, what the goal asks for stands in the file.", {
      hint: "Write the checks, the budget and the rest into the file, and leave the options out.",
    });
  }
  const file = await readGivenFile(call.terminal, options.file);
  const isInside = !relative(workspace, file.path).startsWith("..");
  return isInside ? { ...common, file: file.path } : { ...common, text: file.text };
}
