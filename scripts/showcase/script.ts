import type { ModelReply, ScriptRequest } from "../../packages/engine/src/testing/model-reply.ts";

const WORD_MS = 40;
const WORDS_A_DELTA = 3;

/** What the model says in one kind of work: one reply for each turn, the last one again and again. */
type Turns = readonly ModelReply[];

const REPORT = `# Three risks of the spring launch

## Risks

1. **The printer confirms only on 3 March.** Source: notes/printer.md
2. **Two of five speakers have not signed.** Source: notes/speakers.md
3. **The mailing list was last cleaned in 2024.** Source: notes/list.md

| Risk | Owner | By |
| --- | --- | --- |
| Printer | Max | 1 March |
| Speakers | Ana | 27 February |
| List | Anton | 20 February |
`;

const MAIL = {
  to: "partners@northwind.example",
  cc: "max@acme.example",
  subject: "Spring campaign: results of week 8",
  body: "Dear partners,\n\nweek 8 brought 1,240 sign-ups, 4% over plan. The newsletter did best (612), the fair least (41).\n\nNext week we move 10% of the fair's budget to the newsletter unless you object by Thursday.\n\nBest regards\nAnton",
};

const BLOCKED = "The list's export needs a password that nobody gave me.";

/** By a word of the goal or message that began the work. */
const WORK: Readonly<Record<string, Turns>> = {
  "spring risks": [
    call("plan", {
      steps: [
        { text: "Read the notes", status: "in_progress" },
        { text: "Write report.md", status: "open" },
      ],
    }),
    calls(
      ["read_file", { path: "notes/printer.md" }],
      ["read_file", { path: "notes/speakers.md" }],
      ["read_file", { path: "notes/list.md" }],
    ),
    call("write_file", { path: "report.md", content: REPORT }),
    call("edit_file", { path: "report.md", old_text: "in 2024", new_text: "in May 2024" }),
    call("request_check", {}),
  ],
  "campaign report": [
    call("read_file", { path: "numbers.csv" }),
    call("mail_send_mail", MAIL, "Week 8 is computed. The partners should have it today."),
    { text: "The report is sent." },
  ],
  "book the retro": [
    call("calendar_create_event", {
      title: "Spring retro",
      start: "2026-03-12T10:00",
      end: "2026-03-12T11:00",
      attendees: ["ana@acme.example", "max@acme.example"],
      place: "Room 2",
    }),
    call("request_check", {}, "The retro is in the calendar."),
  ],
  "tell the team": [
    call("chat_post_message", {
      channel: "#launch",
      text: "Speakers: 3 of 5 have signed. Ana calls the other two today.",
    }),
    { text: "Posted." },
  ],
  "interview ana": [
    call("ask_person", {
      question: "Which of these should the first quarter be measured by?",
      choices: ["New subscribers", "Revenue of the shop", "Talks that were given"],
      assumption: "New subscribers",
      assume_after: "2d",
    }),
    { text: "Noted." },
  ],
  "sign off": [
    call("write_file", { path: "press.md", content: "# Press note\n\nSpring starts on 12 March.\n" }),
    call("request_check", {}),
  ],
  "clean the list": [call("report_blocked", { reason: BLOCKED })],
  "old printer": [{ status: 401 }],
  "answer the mails": [
    call("mail_list_inbox", {}),
    call("mail_send_mail", {
      ...MAIL,
      to: "sam@unknown.example",
      subject: "Re: invoice",
      body: "Please see the attached.",
    }),
    { text: "Answered." },
  ],
  "long story": [{ text: story(), deltas: 120, eventDelayMs: WORD_MS }],
};

/** Goes by the conversation alone, so the same work goes the same way however often it is begun. */
export function showcaseScript(request: ScriptRequest): ModelReply {
  const first = request.messages.find(({ role }) => role === "user")?.text.toLowerCase() ?? "";
  const latest = request.messages.findLast(({ role }) => role === "user")?.text.toLowerCase() ?? "";
  const turns = workNamed(latest) ?? workNamed(first);
  // An obstacle counts when it is reported in one turn after the other.
  if (turns === WORK["clean the list"] && request.messages.at(-1)?.role === "tool") return { text: BLOCKED };
  if (turns !== null) return turns[Math.min(request.toolTurns, turns.length - 1)] ?? { text: "Done." };
  return {
    text: `I have read it: “${request.lastText.slice(0, 200)}”. Nothing needs to be done for it.`,
    deltas: WORDS_A_DELTA,
  };
}

function workNamed(text: string): Turns | null {
  const name = Object.keys(WORK).find((word) => text.includes(word));
  return name === undefined ? null : (WORK[name] ?? null);
}

function call(name: string, args: Record<string, unknown>, text = ""): ModelReply {
  return {
    ...(text === "" ? {} : { text }),
    toolCalls: [{ name, arguments: args }],
    usage: { inputTokens: 4_200, outputTokens: 160 },
  };
}

function calls(...list: readonly (readonly [string, Record<string, unknown>])[]): ModelReply {
  return {
    toolCalls: list.map(([name, args]) => ({ name, arguments: args })),
    usage: { inputTokens: 5_100, outputTokens: 220 },
  };
}

function story(): string {
  const sentences = Array.from(
    { length: 40 },
    (_, index) =>
      `${index + 1}. The launch has one more part that matters: **part ${index + 1}** is with its owner, and is due this week.`,
  );
  return `Here is where the launch stands.\n\n${sentences.join("\n")}`;
}
