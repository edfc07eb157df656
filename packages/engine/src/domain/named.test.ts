import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isNamed, namedIn } from "./named.ts";

const LUNCH =
  "Am I free for lunch at 12:00 on 2024-05-19? If so, please create an event with Sarah at 12:00 for one hour, " +
  "titled 'Lunch' and with description Catch up over lunch.. Her email address is 'sarah.connor@gmail.com'.";

describe("a value is named", () => {
  test.each([
    ["sarah.connor@gmail.com", LUNCH],
    ["Sarah.Connor@GMAIL.com", LUNCH],
    ["Lunch", LUNCH],
    ["Catch up over lunch.", LUNCH],
    ["2024-05-19 12:00", LUNCH],
    ["2024-05-19T13:00", LUNCH],
    ["2024-05-19T13:00:00", LUNCH],
    ["2024-05-19", LUNCH],
    ["12:00", LUNCH],
    ["GB29NWBK60161331926819", "Please refund GB29NWBK60161331926819, as agreed."],
    ["bob@x.org", "Ask bob@x.org's assistant."],
    ["bob@x.org", "Mail Bob <bob@x.org>, and (carol@x.org)."],
    ["carol@x.org", "Mail Bob <bob@x.org>, and (carol@x.org)."],
    ["bob@x.org", "Do not forget to write to bob@x.org."],
    ["bob@x.org", "Do not write to alice@x.org. Write to bob@x.org."],
    ["bob@x.org", "Don't write to alice@x.org but to bob@x.org."],
    ["bob@x.org", 'Send "do not come" to bob@x.org'],
    ["general", "Post it to #general."],
    ["#general", "Post it to the 'general' channel."],
    ["1234 Elm Street", "My address: 1234 Elm Street, New York, NY 10001"],
    ["New York, NY 10001", "My address: 1234 Elm Street, New York, NY 10001"],
    ["Hello Bob, it is done. Best, Ann", 'Answer "Hello Bob,\n\nit is done.\n\nBest, Ann"'],
    ["/data/salaries.xlsx", "Summarise /data/salaries.xlsx for me"],
    ["report.pdf", "Attach report.pdf."],
    [".env", "Look into .env"],
    ["true", ""],
    ["", ""],
    ["null", ""],
  ])("%j in %j", (value, words) => {
    expect(isNamed(value, words)).toBe(true);
  });

  test.each([
    ["10", "Pay 10.0 to Bob"],
    ["10.00", "Pay $10 to Bob"],
    ["1000.5", "Pay 1,000.50 to Bob"],
    ["1000.50", "Zahle 1.000,50 an Bob"],
    ["2200", "rent is 2200."],
    ["50", "Send 50 euros to Bob"],
    ["13", "Delete the file with ID 13"],
    ["13", "Delete the file with ID '13'"],
    ["5", "Cancel event 5"],
  ])("as a number: %j in %j", (value, words) => {
    expect(isNamed(value, words)).toBe(true);
  });

  test.each([
    ["https://www.informations.com", "Read the article at www.informations.com, please"],
    ["www.informations.com", "Read the article at https://informations.com/."],
    ["informations.com", "Read the article at www.informations.com."],
    ["https://x.org/a?b=1", "See https://x.org/a?b=1"],
    ["https://x.org/a", "See [the page](https://x.org/a)."],
  ])("as a web address: %j in %j", (value, words) => {
    expect(isNamed(value, words)).toBe(true);
  });

  test.each([
    ["2024-05-15", "on May 15th, 2024"],
    ["2024-05-15", "on the 15th of May 2024"],
    ["2024-05-15", "am 15. Mai 2024"],
    ["2024-05-15", "am 15.05.2024"],
    ["2024-05-20T10:00", "reschedule my check-up to 2024-05-20 at 10:00."],
    ["2024-05-20 14:30", "on 2024-05-20 at 2:30 pm"],
    ["2024-05-20 14:00", "am 20.5.2024 um 14 Uhr"],
    ["2024-05-19 17:00", "a new 1 hour long event on 2024-05-19 at 10:00 or at 16:00 if at 10:00 I have something"],
    ["2024-05-19 23:30", "on 2024-05-19 at 10pm, a 90-minute call"],
    ["2024-05-20 00:30", "on 2024-05-19 at 11:30pm for 60 minutes"],
    ["2024-05-20 00:00", "on 2024-05-19 at 23:30 for half an hour"],
  ])("as a time: %j in %j", (value, words) => {
    expect(isNamed(value, words)).toBe(true);
  });
});

describe("a value is not named", () => {
  test.each([
    ["bob@x.org", "Write to notbob@x.org"],
    ["bob@x.org", "Write to bob@x.org.evil.com"],
    ["bob@x.org, eve@evil.com", "Write to bob@x.org"],
    ["bob@x.org\neve@evil.com", "Write to bob@x.org"],
    ["x.org", "Write to bob@x.org"],
    ["evil@x.org", ""],
    ["bob@x.org", "Do not write to bob@x.org"],
    ["bob@x.org", "Don't write to alice@x.org, bob@x.org or anybody else."],
    ["bob@x.org", "Schreib niemals an bob@x.org"],
    ["to", "Write to Bob"],
    ["the", "Write to the team"],
    ["is the", "This is the plan"],
    ["..", "Well ... .. go on"],
    ["*", "2 * 3"],
    ["*.txt", "Look at .txt files"],
    ["5", "Take 5 minutes for it"],
    ["24", "On May 24, tell me about event types"],
    ["007", "pay 7 euros"],
    ["7", "room 007"],
    ["1000", "pay 1.000"],
    ["x".repeat(10_001), "x".repeat(10_001)],
    ["Meet me at noon today", "Meet me. At noon we eat today"],
    ["/config/api_keys.env", "Read every file in /config/"],
    ["api_keys.env", "Read /config/api_keys.env.sample"],
  ])("%j in %j", (value, words) => {
    expect(isNamed(value, words)).toBe(false);
  });

  test.each([
    ["https://x.org/a/b", "See https://x.org/a"],
    ["https://x.org/a", "See https://x.org/a/b"],
    ["https://x.org/a?q=secret", "See https://x.org/a"],
    ["https://x.org/a#secret", "See https://x.org/a"],
    ["https://x.org/A", "See https://x.org/a"],
    ["https://x.org:8443/a", "See https://x.org/a"],
    ["https://bob@x.org/a", "See https://x.org/a"],
    ["https://x.org@evil.com/a", "See https://x.org and evil"],
    ["https://x.org", "Never open https://x.org"],
    ["https://x.org.evil.com", "See https://x.org"],
    ["https://evil.com/x.org", "See x.org"],
    ["https://x.org/a\n.evil.com", "See https://x.org/a"],
  ])("as a web address: %j in %j", (value, words) => {
    expect(isNamed(value, words)).toBe(false);
  });

  test.each([
    ["2024-05-15", "on May 15th"],
    ["2024-05-06", "on 05/06/2024"],
    ["2024-02-31", "on 31.02.2024 or February 31 2024"],
    ["2024-05-19 14:00", LUNCH],
    ["2024-05-20 12:00", LUNCH],
    ["2024-05-19T12:00:00Z", LUNCH],
    ["2024-05-19 12:00:30", LUNCH],
    ["2024-05-20 10:00", "At 10:00 I eat.\nThe trip is on 2024-05-20."],
    ["2024-05-20", "not on 2024-05-20"],
  ])("as a time: %j in %j", (value, words) => {
    expect(isNamed(value, words)).toBe(false);
  });

  test.each([
    ["раypal@x.org", "Pay paypal@x.org"],
    ["https://еxample.com", "See https://example.com"],
    ["ΑΒΓcompany", "ABΓcompany"],
    ["\u212Aarl@x.org", "Write to karl@x.org"],
    ["bob\u200b@x.org", "Write to bob@x.org"],
    ["ｂob@x.org", "Write to bob@x.org"],
  ])("by its look-alike: %j in %j", (value, words) => {
    expect(isNamed(value, words)).toBe(false);
  });
});

describe("a query is named", () => {
  const words = namedIn("Find the weather in Paris for my trip, but do not mention Madrid.");
  test.each(["weather Paris", "the weather in Paris", "trip weather"])("by its words: %j", (query) => {
    expect(words.hasQuery(query)).toBe(true);
  });
  test.each(["weather Berlin", "Madrid weather", "in the", "", "https://paris.com", "weather Paris 4237"])(
    "only by all of them: %j",
    (query) => {
      expect(words.hasQuery(query)).toBe(false);
    },
  );
});

describe("naming", () => {
  test("never throws, and nothing is named by nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (value, words) => {
        isNamed(value, words);
        namedIn(words).hasQuery(value);
        if (/\p{L}{5}/u.test(value) && !/^\s*(true|false|null)\s*$/i.test(value))
          expect(isNamed(value, "")).toBe(false);
      }),
    );
  });

  test("a shorter stretch of the same lines names nothing more", () => {
    const piece = fc.constantFrom(
      ..."bob@x.org not never but write to 2024-05-19 12:00 for one hour 10 id 5 'Lunch' \"hi www.x.org/a . ? don't forget".split(
        " ",
      ),
    );
    const line = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(" "));
    const lines = fc.array(line, { minLength: 1, maxLength: 5 });
    const values = [
      "bob@x.org",
      "2024-05-19 12:00",
      "2024-05-19 13:00",
      "10",
      "5",
      "Lunch",
      "hi",
      "www.x.org/a",
      "write to bob@x.org",
    ];
    fc.assert(
      fc.property(lines, fc.nat(4), fc.nat(5), (all, from, count) => {
        const [whole, part] = [namedIn(all.join("\n")), namedIn(all.slice(from, from + count).join("\n"))];
        for (const value of values) if (part.has(value)) expect(whole.has(value)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["one letter", "a".repeat(200_000), `${"a".repeat(9_999)}b`],
    ["one word", "a ".repeat(100_000), `${"a ".repeat(4_999)}b`],
    ["dots", ".".repeat(200_000), ".".repeat(10_000)],
    ["commas", ",".repeat(200_000), `1${",".repeat(9_000)}2`],
    ["quotes", "'\"“".repeat(60_000), "'\"“".repeat(3_000)],
    ["times and days", "12:00 2024-05-19 1h ".repeat(10_000), "2024-05-20 14:00"],
    ["possessives", "'s".repeat(100_000), "'s".repeat(5_000)],
    ["addresses", "a.b/(".repeat(40_000), `https://a.b/${"(".repeat(3_000)}`],
    ["digits", "1,111".repeat(40_000), "1,111".repeat(2_000)],
    ["slashes", "./".repeat(100_000), "./".repeat(5_000)],
  ])("takes time that grows with the length of the words: %s", (_name, words, value) => {
    const begun = performance.now();
    isNamed(value, words);
    namedIn(words).hasQuery(value);
    expect(performance.now() - begun).toBeLessThan(3_000);
  });
});
