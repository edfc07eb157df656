import { type Command, Option } from "commander";
import { addLeaf, addNoun, onCall, type Session } from "../command-line.ts";

const GROUP = "Decisions:";
const REACHES = ["run", "goal", "always"];
const STATUSES = "pending, approved, denied, answered, dismissed, expired";

export function addInboxCommands(program: Command, session: Session): void {
  addLeaf(program, "hey", "what needs me now, over everything, ranked", { group: GROUP, example: "bureau hey" })
    .option("--mine", "only what is given to me, or to nobody")
    .action(onCall(session, async () => (await import("../actions/show-inbox.ts")).hey));
  const inbox = addNoun(program, "inbox", "decisions that wait for a person", {
    group: GROUP,
    example: "bureau inbox list",
  });
  addLeaf(inbox, "list", "what waits, the most pressing first; the numbers can be replied to", {
    example: "bureau inbox list",
  })
    .option("--status <list>", `in place of those that wait: ${STATUSES}`)
    .option("--goal <goal>", "only of this goal")
    .option("--mine", "only what is given to me, or to nobody")
    .action(onCall(session, async () => (await import("../actions/show-inbox.ts")).listInbox));
  addLeaf(inbox, "show <entry>", "one entry, whole", { example: "bureau inbox show 1" }).action(
    onCall(session, async () => (await import("../actions/show-inbox.ts")).showEntry),
  );
  const replies = "ids, numbers of the list shown last, or words: `4, 5 and 7`, `all but 2`";
  const reach = "also for the same targets later: in this run, in this goal, or always";
  addLeaf(inbox, "approve <entries...>", "say yes", { example: 'bureau inbox approve "4, 5 and 7"' })
    .summary("say yes")
    .option("--note <text>", "a word to the agent")
    .addOption(new Option("--for <reach>", reach).choices(REACHES))
    .addHelpText("after", `\nEntries are ${replies}.`)
    .action(onCall(session, async () => (await import("../actions/decide.ts")).approve));
  addLeaf(inbox, "deny <entries...>", "say no", { example: 'bureau inbox deny 2 --note "Not before Friday"' })
    .option("--note <text>", "why, for the agent")
    .addOption(new Option("--for <reach>", reach).choices(REACHES))
    .addHelpText("after", `\nEntries are ${replies}.`)
    .action(onCall(session, async () => (await import("../actions/decide.ts")).deny));
  addLeaf(inbox, "reply <text>", "decide and give away several by one reply in words", {
    example: "bureau inbox reply '1-3; 4 no: too expensive; 5 → @ana, Friday'",
  })
    .addHelpText("after", "\nNumbers are those of the list shown last. Parts are put together with `;`.")
    .action(onCall(session, async () => (await import("../actions/decide.ts")).reply));
  addLeaf(inbox, "dismiss <entries...>", "set aside what only tells something", {
    example: "bureau inbox dismiss 3",
  }).action(onCall(session, async () => (await import("../actions/decide.ts")).dismiss));
  addLeaf(inbox, "edit <entry>", "change the arguments of a call before approving it", {
    example: "bureau inbox edit 1 --set command='ls reports'",
  })
    .option("--set <key=value>", "one argument as text; repeatable", collect)
    .addOption(new Option("--arguments <json>", "all arguments as a JSON object").conflicts("set"))
    .action(onCall(session, async () => (await import("../actions/decide.ts")).editEntry));
  addLeaf(inbox, "answer <entry> [text]", "answer a question", { example: 'bureau inbox answer 1 "The spring launch"' })
    .option("--choice <n>", "the number of one of its choices")
    .action(onCall(session, async () => (await import("../actions/decide.ts")).answer));
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
