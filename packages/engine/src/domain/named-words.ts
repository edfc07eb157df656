/** One word of what was written, as it is compared: in lower case, without the quotes and punctuation around it. */
export interface WrittenWord {
  text: string;
  line: number;
  /** The characters between two spaces that it is from, as they were written. */
  chunk: string;
  /** It stands alone between quotes. */
  alone: boolean;
  /** Its clause says no: "do not write to bob@x.org" names nobody to write to. */
  negated: boolean;
}

const NEGATIONS = new Set(
  (
    "not never don't dont doesn't doesnt mustn't mustnt shouldn't shouldnt won't wont can't cant cannot nobody no-one none " +
    "avoid except excluding unless nicht nie niemals kein keine keinen keinem keiner keines niemand niemanden außer ausser"
  ).split(" "),
);
/** "Do not forget to …" says yes. */
const FORGETTING = new Set(["forget", "vergiss", "vergessen", "vergesst"]);
const TURNING = new Set(["but", "instead", "rather", "aber", "sondern", "stattdessen"]);
const SEPARATORS = /["“”„«»‹›`()[\]{}<>]+|(?<!\d)[,;]+|[,;]+(?!\d)/u;
const LEADING = new Set("'‘’‚¿¡");
const TRAILING = new Set("'‘’.,;:!?…");
const SENTENCE_ENDS = new Set(".!?;…");
const CLOSERS: Record<string, string> = {
  '"': '"',
  "“": "”",
  "„": "“",
  "«": "»",
  "‹": "›",
  "`": "`",
  "‘": "’",
  "'": "'",
};

/** Splits text into words, line by line: what is said on one line has no bearing on how another one is read. */
export function wordsOf(text: string): WrittenWord[] {
  const words: WrittenWord[] = [];
  for (const [line, content] of text
    .normalize("NFC")
    .split(/[\n\r\u2028\u2029]/)
    .entries()) {
    addLine(words, content, line);
  }
  return words;
}

function addLine(words: WrittenWord[], written: string, line: number): void {
  const content = written.toLowerCase();
  const chunks = written.match(/\S+/gu) ?? [];
  const quotes = quotesOf(content);
  let place = 0;
  let negated = false;
  let quote = 0;
  for (const chunk of content.matchAll(/\S+/gu)) {
    while (quote < quotes.length && quotes[quote]!.end <= chunk.index) quote += 1;
    const inside = quotes[quote];
    const quoted = inside !== undefined && chunk.index + chunk[0].length > inside.start;
    const alone = inside !== undefined && chunk.index <= inside.start && chunk.index + chunk[0].length >= inside.end;
    for (const text of wordsOfChunk(chunk[0])) {
      if (TURNING.has(text) || FORGETTING.has(text)) negated = false;
      words.push({ text, line, chunk: chunks[place] ?? "", alone, negated });
      if (!quoted && NEGATIONS.has(text)) negated = true;
    }
    if (!quoted && endsSentence(chunk[0])) negated = false;
    place += 1;
  }
}

function wordsOfChunk(chunk: string): string[] {
  const words: string[] = [];
  for (const piece of unmarked(chunk).split(SEPARATORS)) {
    const word = bare(piece);
    if (word === "") continue;
    // Whose it is says nothing else than who: "bob's" names bob.
    const owner = /^(.+)['’]s$/u.exec(word)?.[1];
    if (owner === undefined || owner.endsWith("'")) words.push(plain(word));
    else words.push(plain(owner), "'s");
  }
  return words;
}

/** Without the stars of Markdown's bold. */
function unmarked(chunk: string): string {
  return chunk.length > 4 && chunk.startsWith("**") && chunk.endsWith("**") ? chunk.slice(2, -2) : chunk;
}

/** Without quotes in front and punctuation behind; `.env` keeps its dot. */
export function bare(piece: string): string {
  let [start, end] = [0, piece.length];
  while (start < end && LEADING.has(piece[start]!)) start += 1;
  while (end > start && TRAILING.has(piece[end - 1]!)) end -= 1;
  return piece.slice(start, end);
}

/** `#general` and `general`, `./notes` and `notes`, `docs/` and `docs` are the same name. */
function plain(word: string): string {
  const name = /^[#@]\p{L}/u.test(word) ? word.slice(1) : word;
  const path = name.startsWith("./") && name.length > 2 ? name.slice(2) : name;
  return path.length > 1 && path.endsWith("/") && !path.endsWith("//") ? path.slice(0, -1) : path;
}

/** "e.g." ends no sentence. */
function endsSentence(chunk: string): boolean {
  let end = chunk.length;
  while (end > 0 && /["“”«»'’)\]]/u.test(chunk[end - 1]!)) end -= 1;
  if (end === 0 || !SENTENCE_ENDS.has(chunk[end - 1]!)) return false;
  return !(chunk[end - 1] === "." && /^(\p{L}\.)+$/u.test(chunk.slice(0, end)));
}

interface Quote {
  /** Of what stands between the marks. */
  start: number;
  end: number;
}

/** Stretches between quotes that are closed on the same line. An apostrophe within a word is none. */
function quotesOf(content: string): Quote[] {
  const quotes: Quote[] = [];
  let open: { closer: string; start: number } | null = null;
  for (let index = 0; index < content.length; index += 1) {
    const mark = content[index]!;
    if (open === null) {
      const closer = CLOSERS[mark];
      const begins = index === 0 || /[\s([:=,]/u.test(content[index - 1]!);
      if (closer !== undefined && begins) open = { closer, start: index + 1 };
    } else if (mark === open.closer && (mark === '"' || !/[\p{L}\p{N}]/u.test(content[index + 1] ?? " "))) {
      quotes.push({ start: open.start, end: index });
      open = null;
    }
  }
  return quotes;
}

/** Words that say nothing by themselves. */
export const EMPTY_WORDS = new Set(
  (
    "a an the this that these those it its is are was were be been am do does did have has had will would can could should may " +
    "to of in on at by for from with about into over after before as and or if then than so not no yes i me my mine you your he " +
    "him his she her we us our they them their what which who whom when where why how all any some each more most please also just " +
    "der die das den dem des ein eine einen einem einer eines ist sind war und oder in im an am auf aus bei mit nach von vom zu zum " +
    "zur für über um als wie wenn dann nicht kein ja nein ich mich mir mein du dich dir dein er sie es wir uns ihr ihnen was wer wo bitte auch"
  ).split(" "),
);
