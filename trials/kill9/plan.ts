/** One call that the scripted agent asks for. */
export interface PlannedCall {
  name: string;
  arguments: Record<string, unknown>;
}

const FILES = 6;
const HALF = FILES / 2;

/** What the agent does for one goal, answer by answer: thirty answers with calls, of every kind of tool. */
export function planOf(goal: number): PlannedCall[][] {
  const folder = `goal${goal}`;
  const answers: PlannedCall[][] = [
    [{ name: "plan", arguments: { steps: [{ text: "Write the files", status: "in_progress" }] } }],
  ];
  for (let file = 1; file <= FILES; file += 1) {
    const path = `${folder}/file${file}.md`;
    answers.push(
      [{ name: "write_file", arguments: { path, content: `draft ${file}\n` } }],
      [command(folder, `${file}-beside`), { name: "read_file", arguments: { path } }],
      [{ name: "edit_file", arguments: { path, old_text: `draft ${file}`, new_text: `final ${file}` } }],
      [command(folder, `${file}-alone`)],
    );
    if (file === HALF) answers.push([{ name: "request_check", arguments: {} }]);
  }
  answers.push(
    [{ name: "list_files", arguments: { path: folder } }],
    [{ name: "write_file", arguments: { path: `${folder}/done.md`, content: "done\n" } }],
    [{ name: "plan", arguments: { steps: [{ text: "Write the files", status: "done" }] } }],
    [{ name: "request_check", arguments: {} }],
  );
  return answers;
}

/** Adds one line that no other command adds, with time before and after it in which to die. */
function command(folder: string, line: string): PlannedCall {
  return {
    name: "run_command",
    arguments: { command: `sleep 0.06; echo ${line} >> ${folder}/ledger.txt; sleep 0.06` },
  };
}

/** The line that a command of the plan adds to its goal's ledger. */
export function lineOf(call: PlannedCall): string {
  return /echo (\S+)/.exec(String(call.arguments["command"]))?.[1] ?? "";
}

export function goalInput(goal: number) {
  const folder = `goal${goal}`;
  return {
    name: folder,
    agent: "worker",
    spec: {
      brief: `Trial ${goal}: write the files of ${folder}.`,
      checks: [
        { file: { path: `${folder}/done.md`, contains: "done" } },
        { command: `test -z "$(sort ${folder}/ledger.txt | uniq -d)"` },
      ],
      budget: { tokens: 50_000_000 },
    },
  };
}

/** The number of the goal that a text of its brief names. */
export function goalOf(text: string): number {
  return Number(/Trial (\d+):/.exec(text)?.[1] ?? 0);
}
