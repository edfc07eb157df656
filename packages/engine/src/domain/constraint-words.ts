/** What a constraint is about. */
export type Subject = "send" | "mail" | "reply" | "forward" | "post" | "pay" | "delete" | "delete_mail" | "web";

const MARKS = ["not", "ask", "before", "approval", "consent", "needs", "only", "outside", "join", "comma"] as const;
type Mark = (typeof MARKS)[number];

/** One word or phrase of a constraint, as far as it bears on what may be done. */
export type Token =
  | { type: "verb"; subject: Subject; form: "base" | "ing" }
  | { type: "noun"; subject: Subject }
  | { type: "address" | "channel"; text: string }
  | { type: Mark };

const YES = "review|approval|ok|okay|permission|confirmation|consent|sign-?off|go-ahead|yes";
const APPROVED =
  "review(?:ed|ing)?|approv(?:al|ed?|ing)|ok|okay|permission|confirm(?:ation|ed|ing)?|consent|sign-?off|go-ahead|say so|agreed?";
const FREIGABE =
  "freigabe|zustimmung|erlaubnis|genehmigung|bestätigung|rücksprache|einwilligung|rückfrage|prüfung|okay|ok";
/** Begins a word that stands for a phrase. Text that holds it is not read. */
const SIGN = "\ue000";

/** Phrases that are read before single words, in this order, and what they become. */
const PHRASES: readonly [RegExp, string][] = [
  [/(?:\bthe )?(?:\bchannel )?(#[\p{L}\p{N}_-]+)(?: channel\b)?/gu, "$1"],
  [/\bgib\b(.{0,80}?)\baus\b/g, "$1 ausgeben"],
  [/\bgive me\b/g, "?"],
  [/\bwithout (?:first )?(?:asking|checking)(?: with)?(?: me)?(?: first| before)?\b/g, mark("approval")],
  [
    new RegExp(
      `\\b(?:without|before|until|unless) (?:(?:having|getting|my|me|i|a|an|any|prior|explicit|have|has|had) )*(?:${APPROVED})(?: (?:it|that|them|this|first))*\\b`,
      "g",
    ),
    mark("approval"),
  ],
  [new RegExp(`\\bohne (?:(?:vorherige|ausdrückliche|meine|eine|mein) )*(?:${FREIGABE})\\b`, "g"), mark("approval")],
  [/\bohne (?:(?:mich|vorher|zuerst) )*(?:zu fragen|nachzufragen)\b/g, mark("approval")],
  [new RegExp(`\\b(?:needs?|requires?) (?:my|an?) (?:${YES})\\b`, "g"), mark("needs")],
  [new RegExp(`\\b(?:after|with) (?:(?:my|an?|explicit) )+(?:${YES})\\b`, "g"), mark("consent")],
  [new RegExp(`\\b(?:nach|mit) (?:(?:meiner|ausdrücklicher|vorheriger) )*(?:${FREIGABE})\\b`, "g"), mark("consent")],
  [/\b(?:ask|check with)(?: me)?(?: first)? before(?: you)?\b/g, `${mark("ask")} ${mark("before")}`],
  [/\bget my (?:approval|ok|okay|permission) before(?: you)?\b/g, `${mark("ask")} ${mark("before")}`],
  [/\bfrage? mich(?: immer| bitte)?(?: vorher)? ?,? ?(?:bevor|ehe) du\b/g, `${mark("ask")} ${mark("before")}`],
  [/\bask(?: me)?(?: first)?$/g, mark("ask")],
  [/\bvor (?:dem|jedem|jeder)\b/g, mark("before")],
  [/\b(?:mich )?(?:(?:immer|zuerst|vorher|bitte) )*(?:mich )?(?:fragen|nachfragen)\b/g, mark("ask")],
  [
    /\b(?:(?:anyone|anybody|someone|people|addresses|recipients|those) (?:who (?:is|are) )?)?(?:outside|not (?:in|at|from))(?: of)?\b/g,
    mark("outside"),
  ],
  [/\b(?:(?:jemanden?|leute|personen|adressen|empfänger|menschen) )?außerhalb(?: von| der)?\b/g, mark("outside")],
  [
    /\b(?:must|may|should|shall|do|does|can) ?not\b|\bdon'?t\b|\bmustn'?t\b|\bcannot\b|\b(?:do|make) no\b/g,
    mark("not"),
  ],
  [/\b(?:web|internet|online) (?:access|browsing|search|searches)\b/g, "internet"],
  [/\b(?:(?:use|access|browse|search) )?the (?:web|internet)\b/g, "internet"],
];

const MARK_WORDS: Readonly<Record<Mark, string>> = {
  not: "never not no nothing nicht nichts nie niemals kein keine keinen keinerlei",
  only: "only nur ausschließlich",
  before: "before",
  join: "and or nor und oder /",
  comma: ",",
  ask: "",
  approval: "",
  consent: "",
  needs: "",
  outside: "",
};

/** Verbs in their plain form, and in the form in which German and English put them after "before". */
const VERBS: readonly [Subject, "base" | "ing", string][] = [
  ["send", "base", "send sende senden versende versenden verschicke verschicken schicke schicken"],
  ["send", "ing", "sending sendest versendest schickst verschickst"],
  ["reply", "base", "reply antworte antworten"],
  ["reply", "ing", "replying antwortest"],
  ["forward", "base", "forward weiterleiten"],
  ["forward", "ing", "forwarding weiterleitest"],
  ["post", "base", "post publish tweet poste posten veröffentliche veröffentlichen"],
  ["post", "ing", "posting publishing tweeting postest veröffentlichst"],
  ["pay", "base", "pay spend buy purchase zahle zahlen bezahle bezahlen kaufe kaufen ausgeben"],
  ["pay", "ing", "paying spending buying purchasing zahlst bezahlst kaufst ausgibst"],
  ["delete", "base", "delete erase remove lösche löschen loeschen entferne entfernen"],
  ["delete", "ing", "deleting erasing removing löschst entfernst"],
  ["web", "base", "browse"],
  ["web", "ing", "browsing"],
];

const NOUNS: readonly [Subject, string][] = [
  ["mail", "mail mails email emails e-mail e-mails mailing emailing e-mailing maile mailen mailst"],
  ["send", "message messages nachricht nachrichten"],
  ["post", "posts beiträge"],
  ["reply", "replies"],
  ["pay", "payment payments purchases money geld zahlungen käufe"],
  ["delete", "deletions löschungen"],
  ["web", "internet webzugriff internetzugriff"],
];

/** Words that change nothing. Those that point at one thing, such as "it" or "the", are not among them. */
const FILLERS = new Set(
  (
    "please always ever you to at a an any anything something anyone anybody anywhere in out bitte immer jemals du etwas " +
    "irgendetwas irgendwas jemandem jemanden"
  ).split(" "),
);

const ADDRESS = /^(?:[\p{L}\p{N}._%+*-]+@)?[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+$/u;
const CHANNEL = /^#[\p{L}\p{N}_-]+$/u;

const KNOWN = knownWords();

/** The words of a constraint that bear on what may be done; null when any word is not understood. */
export function tokensOf(text: string): Token[] | null {
  if (text.includes(SIGN)) return null;
  let line = text.normalize("NFC").toLowerCase().replace(/[’‘]/g, "'").replace(/\s+/g, " ").trim();
  while (/[.!]$/.test(line)) line = line.slice(0, -1);
  for (const [pattern, meaning] of PHRASES) line = line.replace(pattern, ` ${meaning} `);
  const tokens: Token[] = [];
  for (const word of line
    .replace(/,(?=\s|$)/g, " , ")
    .replace(/(?<=\p{L})\/(?=\p{L})/gu, " / ")
    .split(" ")) {
    if (word === "" || FILLERS.has(word)) continue;
    const token = KNOWN.get(word) ?? targetToken(word);
    if (token === null) return null;
    tokens.push(token);
  }
  return tokens;
}

function targetToken(word: string): Token | null {
  const text = word.replace(/^["'(<]{1,2}|["')>]{1,2}$/g, "");
  if (CHANNEL.test(text)) return { type: "channel", text };
  return ADDRESS.test(text) ? { type: "address", text } : null;
}

function knownWords(): Map<string, Token> {
  const known = new Map<string, Token>();
  for (const type of MARKS) {
    known.set(mark(type), { type });
    for (const word of MARK_WORDS[type].split(" ")) if (word !== "") known.set(word, { type });
  }
  for (const [subject, form, words] of VERBS) {
    for (const word of words.split(" ")) known.set(word, { type: "verb", subject, form });
  }
  for (const [subject, words] of NOUNS) for (const word of words.split(" ")) known.set(word, { type: "noun", subject });
  return known;
}

function mark(name: Mark): string {
  return `${SIGN}${name}`;
}
