import { type Subject, type Token, tokensOf } from "./constraint-words.ts";

export interface Meaning {
  verdict: "ask" | "deny";
  subjects: Subject[];
  /** Patterns of a rule's target; none where it holds for all. */
  targets: string[];
}

/** What a constraint means when each of its words is understood and there is one way to read them; else null. */
export function meaningOf(text: string): Meaning | null {
  const tokens = tokensOf(text);
  if (tokens === null) return null;
  const subjects = subjectsOf(tokens);
  const verdict = verdictOf(tokens);
  if (subjects === null || verdict === null) return null;
  const targets = targetsOf(tokens, subjects);
  return targets === null ? null : { verdict, ...targets };
}

/** Whether it asks or denies: by no, by asking, by an approval, by only. Two of these that cross are not read. */
function verdictOf(tokens: readonly Token[]): Meaning["verdict"] | null {
  const count = (type: Token["type"]) => tokens.filter((token) => token.type === type).length;
  const said = (["not", "ask", "approval", "consent", "needs", "only"] as const).filter((type) => count(type) > 0);
  if (said.some((type) => count(type) > 1)) return null;
  const before = count("before");
  switch (said.join(" ")) {
    case "ask":
      return before === 1 ? "ask" : null;
    case "not approval":
      return before === 0 ? "ask" : null;
    case "consent only":
    case "needs":
      return before === 0 && count("outside") === 0 ? "ask" : null;
    case "not":
      return before === 0 ? "deny" : null;
    case "only":
      return before === 0 && count("outside") === 0 ? "deny" : null;
    default:
      return null;
  }
}

function subjectsOf(tokens: readonly Token[]): Subject[] | null {
  const verbs = tokens.flatMap((token) => (token.type === "verb" ? [token] : []));
  const nouns = tokens.flatMap((token) => (token.type === "noun" ? [token.subject] : []));
  const [verb] = verbs;
  if (verb === undefined) return nouns.length === 1 || isList(tokens, "noun") ? unlessNone(nouns) : null;
  if (verbs.length === 1) {
    if (nouns.length > 1) return null;
    const subject = nouns[0] === undefined ? verb.subject : narrowed(verb.subject, nouns[0]);
    return subject === null ? null : [subject];
  }
  const alike = verbs.every((each) => each.form === verb.form);
  return alike && nouns.length === 0 && isList(tokens, "verb") ? verbs.map((each) => each.subject) : null;
}

function unlessNone(subjects: Subject[]): Subject[] | null {
  return subjects.length === 0 ? null : subjects;
}

/** `sending, posting or deleting`: nothing else in between, and a word that joins them. */
function isList(tokens: readonly Token[], type: "verb" | "noun"): boolean {
  const first = tokens.findIndex((token) => token.type === type);
  const last = tokens.findLastIndex((token) => token.type === type);
  const between = tokens.slice(first, last + 1);
  return (
    between.every((token) => token.type === type || token.type === "join" || token.type === "comma") &&
    between.some((token) => token.type === "join")
  );
}

/** What a verb does to a thing: to send mail is not to send anything. Null for what tools are not named after. */
function narrowed(verb: Subject, noun: Subject): Subject | null {
  if (verb === noun) return verb;
  const sends = verb === "send" || verb === "reply" || verb === "forward";
  if (noun === "mail") return sends ? "mail" : verb === "delete" ? "delete_mail" : null;
  if (noun === "pay") return verb === "send" ? "pay" : null;
  if (noun === "send") return sends || verb === "post" ? verb : null;
  return null;
}

function targetsOf(tokens: readonly Token[], subjects: Subject[]): Pick<Meaning, "subjects" | "targets"> | null {
  const targets = tokens.flatMap((token) => (token.type === "address" || token.type === "channel" ? [token] : []));
  const inverted = tokens.some((token) => token.type === "outside" || token.type === "only");
  const withConsent = tokens.some((token) => token.type === "consent");
  if (targets.length === 0) return inverted && !withConsent ? null : { subjects, targets: [] };
  const [subject] = subjects;
  if (subject === undefined || subjects.length > 1 || withConsent) return null;
  const patterns = targets.map(({ type, text }) =>
    type === "channel" ? channelPattern(text, subject) : addressPattern(text, subject),
  );
  if (patterns.some((pattern) => pattern === null)) return null;
  const known = patterns.filter((pattern) => pattern !== null);
  // A rule each would refuse what the other lets through.
  if (inverted && known.length > 1) return null;
  const posts = targets.some(({ type }) => type === "channel");
  return {
    subjects: posts ? ["send", "post"] : subjects,
    targets: inverted ? known.map((pattern) => `!${pattern}`) : known,
  };
}

function channelPattern(text: string, subject: Subject): string | null {
  return subject === "send" || subject === "post" || subject === "reply" ? text : null;
}

/** A domain stands for everyone in it where something is sent. Elsewhere it may be the name of a file. */
function addressPattern(text: string, subject: Subject): string | null {
  if (text.includes("@")) return text;
  const sends = subject === "send" || subject === "mail" || subject === "reply" || subject === "forward";
  return sends ? `*@${text}` : subject === "web" ? text : null;
}
