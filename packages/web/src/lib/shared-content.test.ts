import { describe, expect, test } from "vitest";
import { sharedText } from "./shared-content.ts";

describe("the text of what was shared", () => {
  test("is its title, words and address under each other", () => {
    expect(sharedText(["A page", "Look at this", "https://example.com/"])).toBe(
      "A page\nLook at this\nhttps://example.com/",
    );
  });

  test("says nothing twice", () => {
    expect(sharedText(["A page", "A page https://example.com/", "https://example.com/"])).toBe(
      "A page https://example.com/",
    );
    expect(sharedText(["same", "same", null])).toBe("same");
  });

  test("is empty where only files were shared", () => {
    expect(sharedText([null, " ", undefined])).toBe("");
  });
});
