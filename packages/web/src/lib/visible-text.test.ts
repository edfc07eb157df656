import { expect, test } from "vitest";
import { visibleText } from "./visible-text.ts";

test("plain text in any language, with line breaks, tabs and pictures, stays as it is", () => {
  const text = "Grüße,\n\tشكرا 谢谢 👨‍👩‍👧 ❤️ ok";
  expect(visibleText(text)).toBe(text);
  expect(visibleText("a\r\nb")).toBe("a\nb");
});

test("what cannot be seen, or turns text around, is shown by its number", () => {
  expect(visibleText("pay \u202Emoc.elpmaxe\u202C")).toBe("pay ⟨U+202E⟩moc.elpmaxe⟨U+202C⟩");
  expect(visibleText("a\u200Bb\u00ADc\u0007\u200Dd")).toBe("a⟨U+200B⟩b⟨U+00AD⟩c⟨U+0007⟩⟨U+200D⟩d");
  expect(visibleText("x\u{E0041}\uFEFF\u2028")).toBe("x⟨U+E0041⟩⟨U+FEFF⟩⟨U+2028⟩");
});
