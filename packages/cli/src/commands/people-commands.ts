import { type Command, Option } from "commander";
import { addLeaf, addNoun, onCall, type Session } from "../command-line.ts";

const GROUP = "Care:";
const EXPIRES = "how long it holds: 12h, 30d; 7d where it is left out";
const URL_ABOUT = "where they reach Bureau; else the address that is set or found";

export function addPeopleCommands(program: Command, session: Session): void {
  const person = addNoun(program, "person", "who belongs to the workspace, and who is invited", {
    group: GROUP,
    example: 'bureau person invite "Ana López" --role member',
  });
  addLeaf(person, "list", "people: the owner, members and guests", { example: "bureau person list" })
    .option("--all", "also those who were removed")
    .option("--invited", "open invitations in their place")
    .action(onCall(session, async () => (await import("../actions/people.ts")).listPeople));
  addLeaf(person, "show <person>", "one person, and when and of what they are told", {
    example: "bureau person show me",
  }).action(onCall(session, async () => (await import("../actions/people.ts")).showPerson));
  addLeaf(person, "invite <name>", "make an invitation; its link is shown this once", {
    example: 'bureau person invite "Bo" --role guest --goal launch',
  })
    .addOption(
      new Option("--role <role>", "member does the work of the day, guest sees what they are invited to")
        .choices(["member", "guest"])
        .default("member"),
    )
    .option("--goal <goal>", "of a guest: a goal that they may read; repeatable", collect)
    .option("--thread <thread>", "of a guest: a thread that they may read; repeatable", collect)
    .option("--expires <span>", EXPIRES)
    .option("--url <url>", URL_ABOUT)
    .action(onCall(session, async () => (await import("../actions/people.ts")).invite));
  addLeaf(person, "remove <person>", "end a person's devices and sessions, or an invitation by its id, at once", {
    example: "bureau person remove ana",
  }).action(onCall(session, async () => (await import("../actions/people.ts")).removePerson));
  addLinkCommands(program, session);
}

function addLinkCommands(program: Command, session: Session): void {
  const link = addNoun(program, "link", "links by which somebody without an account decides one thing", {
    group: GROUP,
    example: "bureau link ask 1 --name Bo",
  });
  addLeaf(link, "ask [entry]", "a link to decide one entry of the inbox, or to be interviewed in a thread", {
    example: "bureau link ask 1 --name Bo --expires 2d",
  })
    .requiredOption("--name <name>", "whoever is asked: it stands beside what they decide")
    .option("--thread <thread>", "in place of an entry: the thread whose agent asks them questions")
    .option("--expires <span>", EXPIRES)
    .option("--url <url>", URL_ABOUT)
    .addHelpText("after", "\nThe entry is an id, or a number of the list shown last.")
    .action(onCall(session, async () => (await import("../actions/links.ts")).askByLink));
  addLeaf(link, "list", "links, newest first", { example: "bureau link list" })
    .option("--all", "also those that are used, expired or revoked")
    .action(onCall(session, async () => (await import("../actions/links.ts")).listLinks));
  addLeaf(link, "revoke <link>", "end a link at once", { example: "bureau link revoke link_01…" }).action(
    onCall(session, async () => (await import("../actions/links.ts")).revokeLink),
  );
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
