import type { ModelReply, ScriptRequest } from "../../packages/engine/src/testing/model-reply.ts";

const REPORT = `# The spring launch: three risks

## Risks

1. **Not enough bottles for the depots.** 11,200 of 18,000 bottles are filled, the delivery of 27 March cannot be moved, and a day is lost with each change of the pump valve.
   What lowers it: order a second pump valve now and fill on two Saturdays.
Source: notes/launch-plan.md

2. **Returning a bottle fails at the till.** One customer threw the bottle away, one did not know where to bring it, and one till did not know the deposit code. Staff of 9 of 46 shops are trained.
   What lowers it: a card at each till with the deposit code, before the training reaches every shop.
Source: notes/customer-calls.md

3. **The reserve is nearly used up before the launch.** Displays are committed at 12,600 euros against 9,000 planned, labels at 4,150 against 3,800: together 3,950 of the 4,000 in reserve.
   What lowers it: hold further orders for displays until the training is booked.
`;

const MISSING_SOURCE = "Source: notes/budget.csv\n";
const LAST_LINE = "   What lowers it: hold further orders for displays until the training is booked.\n";

const READ = ["notes/launch-plan.md", "notes/budget.csv", "notes/customer-calls.md"];

/** What the rehearsal's model says, turn by turn. Written by us; not a real model's words. */
const TURNS: ModelReply[] = [
  { text: "I begin with what is in the folder.", toolCalls: [{ name: "list_files", arguments: {} }] },
  { text: "I read all three notes.", toolCalls: READ.map((path) => ({ name: "read_file", arguments: { path } })) },
  {
    text: "Three risks stand out: bottles, returns and the reserve. I write them down.",
    toolCalls: [{ name: "write_file", arguments: { path: "report.md", content: REPORT } }],
  },
  { text: "The report is written. I ask for the check.", toolCalls: [{ name: "request_check", arguments: {} }] },
  {
    text: "The check is right: the third risk has no source. I add it.",
    toolCalls: [
      {
        name: "edit_file",
        arguments: { path: "report.md", old_text: LAST_LINE, new_text: LAST_LINE + MISSING_SOURCE },
      },
    ],
  },
  { text: "Every risk has its source now.", toolCalls: [{ name: "request_check", arguments: {} }] },
];

/** Answers as the agent or as the judge, by what the request says. */
export function script(request: ScriptRequest): ModelReply {
  if (request.tools.length === 0) return judge(request.lastText);
  return TURNS[request.toolTurns] ?? { text: "There is nothing left to do." };
}

function judge(evidence: string): ModelReply {
  const isWhole = evidence.includes(MISSING_SOURCE.trim());
  const verdict = isWhole
    ? { verdict: "met", reason: "Each of the three risks names its file in notes/, and the figures stand there." }
    : { verdict: "partial", reason: "Two risks cite their file in notes/; the third, about the reserve, cites none." };
  return { text: JSON.stringify(verdict) };
}
