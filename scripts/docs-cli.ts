import { createProgram } from "../packages/cli/src/program.ts";
import type { Terminal } from "../packages/cli/src/terminal.ts";

type Command = ReturnType<typeof createProgram>;

const HELP_COLUMNS = 100;

/** What each command answers with `--json`. A command without an entry fails the check of the reference. */
const JSON_ANSWERS: Record<string, string> = {
  init: "`{ folder, created, kept }`: files written, and files that were there and stay as they are",
  up: "first line `{ ready, url, token }`, once it can be asked; it then stays until it is interrupted",
  "goal add":
    'a [Goal](api.md#goal). With `--wait` a stream that ends with `{ type: "result", exitCode, goal, evidence }`',
  "goal list": "a [GoalList](api.md#goallist)",
  "goal show": "a [Goal](api.md#goal) with `evidence`, newest first, and `runs`, newest first",
  "goal edit": "the [Goal](api.md#goal) as it is now",
  "goal pause": "the [Goal](api.md#goal) as it is now",
  "goal resume": "the [Goal](api.md#goal) as it is now",
  "goal stop": "the [Goal](api.md#goal) as it is now",
  "goal check": '`{ goal, run }`. With `--wait` a stream that ends with `{ type: "result", exitCode, goal, evidence }`',
  "device add": "a [DeviceAdded](api.md#deviceadded): the `device`, and its `token`, which is not told again",
  "device list": "a [DeviceList](api.md#devicelist)",
  "device revoke": "a [Device](api.md#device), or with `--sessions` how many were `closed`",
  "passkey list": "a [PasskeyList](api.md#passkeylist)",
  "passkey remove": "what was `removed`",
  "push status": "a [PushStatus](api.md#pushstatus), with the `subscriptions` themselves",
  "push test": "a [PushTested](api.md#pushtested)",
  "device pair":
    "a [PairingMade](api.md#pairingmade): the `pairing`, its `code` and `link`, which are not told again, and the `qr` code",
  "person list": "a [PersonList](api.md#personlist), or with `--invited` an [InvitationList](api.md#invitationlist)",
  "person show": "`{ person, preferences }`",
  "person invite":
    "an [InvitationMade](api.md#invitationmade): the `invitation`, and its `secret` and `link`, which are not told again",
  "person remove": "the [Person](api.md#person), or for an invitation's id the [Invitation](api.md#invitation)",
  "link ask": "a [LinkMade](api.md#linkmade): the `link`, and its `secret` and `url`, which are not told again",
  "link list": "a [LinkList](api.md#linklist)",
  "link revoke": "a [Link](api.md#link)",
  "agent add": "an [Agent](api.md#agent)",
  "agent new": "an [Agent](api.md#agent)",
  "agent list": "an [AgentList](api.md#agentlist)",
  "agent show":
    "an [Agent](api.md#agent) with `goals` and `runs`; with `--abilities` [AgentAbilities](api.md#agentabilities)",
  "agent pause": "the [Agent](api.md#agent) as it is now",
  "agent resume": "the [Agent](api.md#agent) as it is now",
  run: 'a stream that ends with `{ type: "result", exitCode, run }`',
  "run list": "a [RunList](api.md#runlist)",
  "run show":
    "a [Run](api.md#run) with `steps` and `toolCalls`; with `--explain` a [RunExplanation](api.md#runexplanation)",
  "run tail":
    'what is there, as lines `{ type: "item", item }`, then a stream that ends with `{ type: "result", exitCode, run }`',
  "run cancel": "the [Run](api.md#run) as it is now",
  "run steer": "the [Run](api.md#run) as it is now",
  "task list": "a [TaskList](api.md#tasklist)",
  "task show": "a [Task](api.md#task)",
  "task tail": "as `run tail`, of the task's newest run",
  "task cancel": "the [Task](api.md#task) as it is now",
  "task steer": "a [MessageReply](api.md#messagereply): the run that will read it",
  "thread list": "a [ThreadList](api.md#threadlist)",
  "thread show": "a [Thread](api.md#thread) with `items`, oldest first",
  "thread tail": 'lines `{ type: "item", item }`, then as `run tail` if a run is open',
  "thread cancel": "the [Run](api.md#run) as it is now",
  "thread steer": "a [MessageReply](api.md#messagereply): the run that will read it",
  "effects list": "an [EffectList](api.md#effectlist)",
  "effects show": "an [Effect](api.md#effect)",
  "effects undo": "an [Effect](api.md#effect), as it is now",
  "effects reconcile": "an [Effect](api.md#effect), as it is now",
  "artifact list": "an [ArtifactList](api.md#artifactlist)",
  "artifact show": "an [ArtifactDetail](api.md#artifactdetail)",
  "artifact open": "`{ path, fileNote }`: the absolute path of the plain file, and what is to be known of it, or null",
  "artifact comment": "a [CommentReply](api.md#commentreply): the comment, and the run that will read it",
  "artifact diff": "an [ArtifactDifference](api.md#artifactdifference)",
  usage: "a [UsageReport](api.md#usagereport)",
  search: "a [SearchResult](api.md#searchresult)",
  activity: "an [ActivityList](api.md#activitylist)",
  stop: "a [StopAllReply](api.md#stopallreply)",
  resume: "a [ResumeAllReply](api.md#resumeallreply)",
  "policy list": "a [PolicyRules](api.md#policyrules)",
  "policy add": "a [ListedRule](api.md#listedrule)",
  "policy remove": "`{ id, removed }`",
  "policy test": "a [PolicySimulation](api.md#policysimulation)",
  hey: "a [Hey](api.md#hey): entries with their numbers, and counts",
  "inbox list": "an [InboxList](api.md#inboxlist); the numbers shown to people are places in `entries`, from 1",
  "inbox show": "an [InboxEntry](api.md#inboxentry)",
  "inbox approve":
    "`{ entries, failed }`: entries as they are now, and `{ entryId, message }` for each that could not be decided",
  "inbox deny": "as `inbox approve`",
  "inbox reply": "as `inbox approve`",
  "inbox dismiss": "as `inbox approve`",
  "inbox edit": "the [InboxEntry](api.md#inboxentry) as it is now",
  "inbox answer": "the [InboxEntry](api.md#inboxentry) as it is now",
  "secret set": "a [Secret](api.md#secret), without its value",
  "secret list": "a [SecretList](api.md#secretlist)",
  "secret remove": "`{ name, removed }`",
  connectors: "`{connectors, notices}` as `GET /api/connectors`",
  "mcp-probe": "one connector as in `GET /api/connectors`, with its `tools`: `name`, `tool`, `effect`, `why` and more",
  doctor:
    "`{ workspace, ok, findings }`; a finding is `{ name, status, message, hint }` with status `ok`, `warning` or `missing`",
  path: "`{ workspace, settings, data, log, socket, blobs, token, server, url }`: paths, and the address if it is up; null for what is not there",
  backup:
    "`{ path, bytes, files, blobs, rows, leftOut, outside, withSecrets, vault }`; `withSecrets` has `{ path, secret }` for each file that holds a secret",
  restore: "`{ folder, createdAt, files, rows, outside, leftOut, vaultKeyAt }`",
  prune: "`{ steps, toolCalls, events, dispatches, blobs, more }`: how many of each were removed",
};

/** The reference of the command line, made from the commands as they are declared. */
export function cliPage(note: string): string {
  const program = createProgram({ terminal: silentTerminal(), exitCode: 0 });
  const sections = leaves(program, []).map(({ path, command }) => section(path, command));
  return `${note}

# Command line

Answers go to standard output, progress and warnings to standard error. \`--json\` gives one JSON value on one line; a
command that streams gives one a line: events as in [events.md](events.md), deltas, and at the end a line of type
\`result\`. Ids may be shortened to a beginning that only one thing has; agents and goals go by their names as well.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | unexpected, or the server does not answer |
| 2 | bad input |
| 3 | not signed in or not allowed |
| 4 | not found |
| 5 | conflict |
| 6 | ended without reaching done: failed, blocked, over budget, stopped |
| 7 | waiting for a person |

\`\`\`
${program.helpInformation().trimEnd()}
\`\`\`

${sections.join("\n")}`;
}

interface Leaf {
  path: string;
  command: Command;
}

/** Commands that can be called, in the order of the help. `run` is one, and has others below it. */
function leaves(command: Command, path: readonly string[]): Leaf[] {
  return command.commands.flatMap((child) => {
    const own = [...path, child.name()];
    const isLeaf = child.options.some((option) => option.long === "--json");
    return [...(isLeaf ? [{ path: own.join(" "), command: child }] : []), ...leaves(child, own)];
  });
}

function section(path: string, command: Command): string {
  const answer = JSON_ANSWERS[path];
  if (answer === undefined) throw new Error(`scripts/docs-cli.ts does not say what \`bureau ${path} --json\` answers.`);
  return `## bureau ${path}\n\n\`\`\`\n${fullHelp(command)}\n\`\`\`\n\n\`--json\`: ${answer}.\n`;
}

/** The help as it is shown, with the example after it. */
function fullHelp(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => void (text += part), getOutHasColors: () => false });
  command.outputHelp();
  return text.trimEnd();
}

function silentTerminal(): Terminal {
  return {
    argv: [],
    environment: {},
    folder: "/",
    out: () => undefined,
    err: () => undefined,
    readSecret: async () => "",
    columns: HELP_COLUMNS,
    color: false,
    now: () => 0,
    onInterrupt: () => () => undefined,
  };
}
