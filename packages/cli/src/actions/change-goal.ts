import { AppError, type BureauClient, type EditGoal, type Goal } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { endOfRun, follow } from "../follow.ts";
import { type FieldOptions, readFields, readGivenFile } from "../goal-fields.ts";
import { checkLines } from "../present/evidence.ts";
import { GOAL_EXITS, goalLine } from "../present/words.ts";
import { resolveReference } from "../references.ts";

const NOT_DONE = 6;

export interface EditGoalOptions extends FieldOptions {
  title?: string;
  brief?: string;
  file?: string;
  version?: number;
}

export async function editGoal(call: Call<EditGoalOptions>): Promise<void> {
  const body = await readEdit(call);
  await change(call, (client, goal) => client.editGoal({ params: { goal }, body }));
}

export async function pauseGoal(call: Call): Promise<void> {
  await change(call, (client, goal) => client.pauseGoal({ params: { goal } }));
}

export async function resumeGoal(call: Call): Promise<void> {
  await change(call, (client, goal) => client.resumeGoal({ params: { goal } }));
}

export async function stopGoal(call: Call): Promise<void> {
  await change(call, (client, goal) => client.stopGoal({ params: { goal } }));
}

/** Has the checks run. With `--wait` the exit code says what they found. */
export async function checkGoal(call: Call<{ wait?: boolean }>): Promise<number> {
  const { terminal, options } = call;
  const connection = await connect(call);
  const { client } = connection;
  const id = await resolveReference(client, "goal", argument(call, 0));
  const { lastSeq } = await client.getStatus();
  const started = await client.checkGoal({ params: { goal: id } });
  if (options.wait !== true) {
    answer(
      call,
      started,
      () =>
        `The checks of ${started.goal.name} will run. \`bureau goal show ${started.goal.name}\` has what they find.\n`,
    );
    return 0;
  }
  const leave = new AbortController();
  const stopListening = terminal.onInterrupt(() => leave.abort());
  try {
    await follow({
      call,
      connection,
      filter: { goal: id },
      after: lastSeq,
      end: endOfCheck(started.run.id),
      signal: leave.signal,
    });
  } finally {
    stopListening();
  }
  const [goal, { evidence }] = await Promise.all([
    client.getGoal({ params: { goal: id } }),
    client.listEvidence({ params: { goal: id }, query: { limit: 100 } }),
  ]);
  const exitCode = goal.status === "active" ? NOT_DONE : GOAL_EXITS[goal.status];
  if (options.json === true) terminal.out(`${JSON.stringify({ type: "result", exitCode, goal, evidence })}\n`);
  else terminal.out(`${goalLine(terminal, goal)}${checkLines(terminal, goal, evidence).join("\n")}\n`);
  return exitCode;
}

/** The run goes on after a check that failed, so the end of the check's step counts as well as the run's. */
function endOfCheck(runId: string): Parameters<typeof follow>[0]["end"] {
  const runEnds = endOfRun(runId);
  return (event, view) => {
    const step = event.data["step"] as { id?: string } | undefined;
    const isCheck = step?.id !== undefined && view.steps[step.id]?.kind === "check";
    return isCheck && event.type === "step.completed" ? 0 : runEnds(event, view);
  };
}

async function change(
  call: Pick<Call, "terminal" | "args" | "options">,
  make: (client: BureauClient, goal: string) => Promise<Goal>,
): Promise<void> {
  const { client } = await connect(call);
  const id = await resolveReference(client, "goal", argument(call, 0));
  const goal = await make(client, id);
  answer(call, goal, () => goalLine(call.terminal, goal));
}

async function readEdit(call: Call<EditGoalOptions>): Promise<EditGoal> {
  const { options } = call;
  const version = options.version === undefined ? {} : { version: options.version };
  const spec = {
    ...readFields(options),
    ...(options.title === undefined ? {} : { title: options.title }),
    ...(options.brief === undefined ? {} : { brief: options.brief }),
  };
  const hasFields = Object.keys(spec).length > 0;
  if (options.file !== undefined && !hasFields) {
    return { text: (await readGivenFile(call.terminal, options.file)).text, ...version };
  }
  if (options.file === undefined && hasFields) return { spec, ...version };
  throw new AppError("invalid", "An edit names either the fields to change or a whole file.", {
    hint: 'Write it as `bureau goal edit NAME --done "…"`, or edit the goal\'s file by hand.',
  });
}
