import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findName } from "./names.ts";

const people = ["owner", "Ana López", "Ana Berg", "Jörg", "Mary-Ann O’Neil"].map((name) => ({ name }));
const found = (word: string, me = "owner") => {
  const result = findName(people, word, me);
  return result.ok ? result.found.name : result;
};

describe("findName", () => {
  test.each([
    ["owner", "owner"],
    ["OWNER", "owner"],
    ["jo\u0308rg", "Jörg"],
    ["ana.lópez", "Ana López"],
    ["ana_berg", "Ana Berg"],
    ["mary-ann", "Mary-Ann O’Neil"],
    ["mary-ann-o-neil", "Mary-Ann O’Neil"],
  ])("takes %s for %s", (word, name) => {
    expect(found(word)).toBe(name);
  });

  test("takes me for whoever asks", () => {
    expect(found("me", "Jörg")).toBe("Jörg");
  });

  test("says who there is when nobody is meant, and of whom it cannot tell", () => {
    expect(found("ben")).toEqual({
      ok: false,
      message: 'There is nobody named "ben" here.',
      hint: "There are: owner, Ana López, Ana Berg, Jörg, Mary-Ann O’Neil.",
    });
    expect(found("ana")).toMatchObject({ ok: false, hint: "Write one of: Ana López, Ana Berg." });
  });

  test("never throws, and finds only somebody who is there", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (word, names) => {
        const result = findName(
          names.map((name) => ({ name })),
          word,
          "owner",
        );
        expect(!result.ok || names.includes(result.found.name)).toBe(true);
      }),
    );
  });
});
