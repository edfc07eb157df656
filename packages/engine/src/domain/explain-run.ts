import type {
  Effect,
  EffectStatus,
  Evidence,
  InboxEntry,
  Run,
  RunFailure,
  RunOutcome,
  Step,
  ToolCall,
  WaitReason,
} from "@bureau/protocol";
import { moneyText } from "./budget.ts";
import { clause, counted, listed, oneLine, sentence, spanText } from "./plain-words.ts";

/** What is known of a call: of its arguments only what a sentence needs. */
export interface StoryCall extends Pick<ToolCall, "id" | "stepId" | "name" | "status" | "effect"> {
  /** The model call that asked for it. */
  askedBy: string;
  path: string | null;
  command: string | null;
  url: string | null;
}

/** Everything that was recorded of one run. Lists may have been cut; `callCount` is of all. */
export interface RunStory {
  run: Run;
  agent: string;
  goalTitle: string | null;
  /** What a person, or the goal, asked for. */
  asked: string | null;
  calls: readonly StoryCall[];
  callCount: number;
  entries: readonly Pick<InboxEntry, "kind" | "status" | "title" | "answer" | "decidedBy">[];
  effects: readonly Pick<Effect, "status" | "title" | "approvedBy" | "error" | "undoneBy">[];
  evidence: readonly Pick<Evidence, "checkIndex" | "requirement" | "status" | "detail">[];
}

/** Files that are named; of more it is said how many. */
const MAX_NAMED = 3;

/**
 * What a run was asked, what it did, what was denied, what it cost, how it ended and what it waits for: one paragraph
 * of plain words. The same story always gives the same text; no model has a say in it.
 */
export function explainRun(story: RunStory): string {
  return [askedText(story), didText(story), outsideText(story), deniedText(story), checkedText(story), costText(story)]
    .concat(endText(story.run), waitsText(story))
    .map(sentence)
    .filter((text) => text !== "")
    .join(" ");
}

const TRIGGERS: ReadonlyMap<string, string> = new Map([
  ["goal", "began on the goal"],
  ["resume", "took up the goal again"],
  ["check", "was told to check the goal"],
  ["task", "was given the task"],
  ["message", "was asked"],
  ["person", "was asked"],
]);

function askedText({ run, agent, goalTitle, asked }: RunStory): string {
  const who = oneLine(agent, 60);
  const how = TRIGGERS.get(run.trigger) ?? "began to work";
  const words = asked === null ? "" : clause(asked, 200);
  const rehearsed = run.rehearsal ? " in a rehearsal, with words written beforehand" : "";
  if (goalTitle === null) return `${who} ${how}${words === "" ? "" : ` "${words}"`}${rehearsed}`;
  const goal = clause(goalTitle, 120);
  const isSaid = words === "" || goal.startsWith(words.slice(0, 40)) || words.startsWith(goal.slice(0, 40));
  const named = how.includes("goal") ? `${how} "${goal}"` : `${how}, for the goal "${goal}"`;
  return `${who} ${named}${rehearsed}${isSaid ? "" : `: "${words}"`}`;
}

interface Deed {
  verb: string;
  noun: string;
  of: "path" | "command" | "url" | null;
}

/** What calls of a tool are called when they are counted, and which argument names what they were about. */
const DEEDS: ReadonlyMap<string, Deed> = new Map<string, Deed>([
  ["write_file", { verb: "wrote", noun: "file", of: "path" }],
  ["edit_file", { verb: "changed", noun: "file", of: "path" }],
  ["run_command", { verb: "ran", noun: "command", of: "command" }],
  ["fetch_url", { verb: "fetched", noun: "page", of: "url" }],
  ["read_file", { verb: "read", noun: "file", of: "path" }],
  ["search_files", { verb: "searched the files", noun: "time", of: null }],
  ["list_files", { verb: "listed files", noun: "time", of: null }],
]);
/** What they do is told elsewhere: as how it ended, and as what it waits for. */
const SIGNALS = new Set(["plan", "ask_person", "request_check", "report_blocked"]);

function didText({ calls, callCount, effects, run }: RunStory): string {
  const made = calls.filter((call) => call.status === "completed" || call.status === "failed");
  const parts: string[] = [];
  for (const [tool, deed] of DEEDS) {
    const of = made.filter((call) => call.name === tool);
    if (of.length > 0) parts.push(deedText(deed, of));
  }
  const others = made.filter(
    (call) => !DEEDS.has(call.name) && !SIGNALS.has(call.name) && call.effect !== "write_outside",
  );
  if (others.length > 0) {
    const names = [...new Set(others.map((call) => oneLine(call.name, 60)))].toSorted();
    parts.push(`used ${listed(names, MAX_NAMED)} ${counted(others.length, "time")}`);
  }
  const open = calls.filter((call) => call.status === "interrupted").length;
  const cut =
    callCount > calls.length ? ` (of its ${counted(callCount, "call")}, the first ${calls.length} are told)` : "";
  if (parts.length > 0) {
    const lost = open === 0 ? "" : `; of ${counted(open, "call")} it is not known how it ended`;
    return `it ${listed(parts, parts.length)}${cut}${lost}`;
  }
  if (open > 0) return `it began ${counted(open, "call")} of which it is not known how it ended`;
  if (effects.length > 0) return "";
  return run.usage.modelCalls > 0 ? "it used no tools" : "it has done nothing yet";
}

function deedText({ verb, noun, of }: Deed, calls: readonly StoryCall[]): string {
  const failed = calls.filter((call) => call.status === "failed").length;
  const failures = failed === 0 ? "" : failed === calls.length ? ", which failed" : `, of which ${failed} failed`;
  if (of === null) return `${verb} ${counted(calls.length, noun)}${failures}`;
  const about = [...new Set(calls.map((call) => call[of]).filter((value) => value !== null))];
  const named = about
    .slice(0, MAX_NAMED)
    .map((value) => (of === "command" ? `\`${oneLine(value, 60)}\`` : oneLine(value, 80)));
  if (about.length === 0) return `${verb} ${counted(calls.length, noun)}${failures}`;
  if (about.length === 1 && of !== "command") return `${verb} ${named[0]}${failures}`;
  const count = of === "command" ? calls.length : about.length;
  const more = about.length > MAX_NAMED ? ", …" : "";
  return `${verb} ${counted(count, noun)} (${named.join(", ")}${more})${failures}`;
}

/** What became of something outside, before its title and after it. */
const EFFECT_WORDS: Record<EffectStatus, string> = {
  proposed: "is proposed and not yet decided",
  approved: "is allowed and not yet begun",
  started: "is under way",
  done: "was done",
  failed: "failed",
  unknown: "was begun, and nobody can tell whether it took place",
  denied: "was denied",
  taken_back: "was done and taken back",
};

function outsideText({ effects }: RunStory): string {
  const told = effects.slice(0, 6).map((effect) => {
    const yes = effect.approvedBy === null ? "" : `, on the yes of ${clause(effect.approvedBy, 80)}`;
    const by = effect.undoneBy === null || effect.status !== "taken_back" ? "" : ` by ${oneLine(effect.undoneBy, 60)}`;
    const why = effect.status === "failed" && effect.error !== null ? ` (${clause(effect.error, 100)})` : "";
    return `"${clause(effect.title, 100)}" ${EFFECT_WORDS[effect.status]}${by}${why}${yes}`;
  });
  if (told.length === 0) return "";
  const more = effects.length > told.length ? `; and ${effects.length - told.length} more` : "";
  return `Outside the workspace: ${told.join("; ")}${more}`;
}

function deniedText({ calls, entries }: RunStory): string {
  const denied = calls.filter((call) => call.status === "denied");
  if (denied.length === 0) return "";
  const people = new Set(
    entries.filter((entry) => entry.status === "denied" && entry.decidedBy !== null).map((entry) => entry.decidedBy!),
  );
  const names = [...new Set(denied.map((call) => oneLine(call.name, 60)))].toSorted();
  const by = people.size === 0 ? "" : ` by ${listed([...people].toSorted().map((name) => oneLine(name, 60)))}`;
  return `${counted(denied.length, "call")} of ${listed(names, MAX_NAMED)} ${denied.length === 1 ? "was" : "were"} denied${by}`;
}

function checkedText({ evidence }: RunStory): string {
  // The latest result of each check: the ledger keeps every time.
  const latest = new Map(evidence.map((found) => [found.checkIndex, found]));
  if (latest.size === 0) return "";
  const open = [...latest.values()].filter((found) => found.status !== "verified");
  const passed = latest.size - open.length;
  if (open.length === 0) return latest.size === 1 ? "its check passed" : `all ${latest.size} checks passed`;
  const names = open.slice(0, 2).map((found) => `"${clause(found.requirement, 100)}" (${found.status})`);
  const more = open.length > 2 ? ` and ${open.length - 2} more` : "";
  return `of ${counted(latest.size, "check")} ${passed} passed; not ${names.join(", ")}${more}`;
}

function costText({ run: { usage } }: RunStory): string {
  if (usage.modelCalls === 0 && usage.toolCalls === 0) return "";
  const money = usage.micros === 0 ? "" : ` and ${moneyText(usage.micros)}`;
  return `It took ${spanText(usage.activeMs)} of work, ${counted(usage.modelCalls, "model call")}, ${counted(usage.tokens, "token")}${money}`;
}

const OUTCOMES: Record<RunOutcome, string> = {
  done: "It ended because all that was asked is done",
  answered: "It ended with an answer",
  nothing_done: "It ended without having done or answered anything",
  yielded: "It ended its turn; the goal goes on in another run",
};

const FAILURES: Record<RunFailure, string> = {
  budget: "its budget is used up",
  step_limit: "it reached the limit of steps",
  time_limit: "it reached the limit of time",
  no_progress: "nothing moved any more",
  repeated_call: "it made the same call again and again",
  model: "the model could not be used",
  model_refused: "the model refused to answer",
  usage_limit: "the model's provider allows no more for now",
  blocked: "it could not go on without something that is missing",
  crash_loop: "the process ended again and again while it was at work",
  internal: "of a fault in Bureau itself",
};

const WAITS: Record<WaitReason, string> = {
  approval: "It waits for a person's yes",
  question: "It waits for an answer",
  sign_off: "It waits for a person to sign off",
  timer: "It waits for a moment and goes on by itself",
  paused: "It is paused",
};

function endText(run: Run): string {
  const said = clause(run.sentence, 300);
  switch (run.status) {
    case "queued":
      return "It waits for its turn to begin";
    case "running":
      return `It is at work${said === "" ? "" : `: ${said}`}`;
    case "waiting":
      return withReason(run.waitReason === null ? "It waits" : WAITS[run.waitReason], said);
    case "completed":
      return withReason(run.outcome === null ? "It ended" : OUTCOMES[run.outcome], said);
    case "failed":
      return withReason(`It failed${run.failure === null ? "" : `: ${FAILURES[run.failure]}`}`, said);
    case "canceled":
      return withReason("It was canceled", said);
  }
}

/** What a run says of itself when there is no more to say. */
const SAYS_NO_MORE = /^(answered|done|canceled|paused)$/iu;

function withReason(text: string, said: string): string {
  return said === "" || SAYS_NO_MORE.test(said) ? text : `${text}. ${sentence(said)}`;
}

function waitsText({ entries, run }: RunStory): string {
  const pending = entries.filter((entry) => entry.status === "pending");
  if (pending.length === 0 || run.status === "queued") return "";
  const titles = pending.slice(0, MAX_NAMED).map((entry) => `"${clause(entry.title, 120)}"`);
  const more = pending.length > MAX_NAMED ? ` and ${pending.length - MAX_NAMED} more` : "";
  return `In the inbox for it: ${titles.join(", ")}${more}`;
}

/** What one step did, in a sentence. `calls` are those that it asked for, or the one that it made. */
export function explainStep(step: Step, calls: readonly StoryCall[]): string {
  const ended = STEP_ENDS[step.status](step.error === null ? "" : clause(step.error, 160));
  return sentence(`${stepText(step, calls)}${ended}`);
}

const STEP_ENDS: Record<Step["status"], (error: string) => string> = {
  running: () => ", which is under way",
  completed: (error) => (error === "" ? "" : `: ${error}`),
  failed: (error) => `, which failed${error === "" ? "" : `: ${error}`}`,
  interrupted: (error) => `, which was interrupted${error === "" ? "" : `: ${error}`}`,
};

function stepText(step: Step, calls: readonly StoryCall[]): string {
  const again = step.attempts > 1 ? ` (${step.attempts} times)` : "";
  switch (step.kind) {
    case "model_call": {
      const asked = calls.filter((call) => call.askedBy === step.id);
      const names = [...new Set(asked.map((call) => oneLine(call.name, 60)))];
      const what =
        step.status !== "completed"
          ? ""
          : names.length === 0
            ? ", which answered"
            : `, which asked for ${listed(names)}`;
      return `Asked ${oneLine(step.name, 80)}${again}${what}`;
    }
    case "tool_call": {
      const call = calls.find((each) => each.stepId === step.id);
      return `${callText(step.name, call)}${again}`;
    }
    case "check":
      return `Ran the checks of the goal${again}`;
    case "compaction":
      return `Summed up what came before, to make room${again}`;
  }
}

function callText(name: string, call: StoryCall | undefined): string {
  const deed = DEEDS.get(name);
  const tool = oneLine(name, 60);
  if (call === undefined || deed === undefined) return `Used ${tool}`;
  const about = deed.of === null ? null : call[deed.of];
  if (about === null) return deed.of === null ? deed.verb : `Used ${tool}`;
  return `${deed.verb} ${deed.of === "command" ? `\`${oneLine(about, 100)}\`` : oneLine(about, 100)}`;
}
