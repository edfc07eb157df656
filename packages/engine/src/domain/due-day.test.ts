import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endOf, parseDay, reminderOf } from "./due-day.ts";

/** A Wednesday. */
const NOON = Date.parse("2026-03-04T12:00:00Z");
const berlin = { now: NOON, timeZone: "Europe/Berlin" };

describe("parseDay", () => {
  test.each([
    ["friday", "2026-03-06"],
    ["Freitag", "2026-03-06"],
    ["FRI", "2026-03-06"],
    ["Sonnabend", "2026-03-07"],
    ["tuesday", "2026-03-10"],
    ["Mittwoch", "2026-03-11"],
    ["today", "2026-03-04"],
    ["heute", "2026-03-04"],
    ["morgen", "2026-03-05"],
    ["2026-03-04", "2026-03-04"],
    ["2028-02-29", "2028-02-29"],
  ])("reads %s", (words, day) => {
    expect(parseDay(words, berlin)).toBe(day);
  });

  test.each(["", "someday", "2026-03-03", "2026-02-30", "2027-02-29", "2099-01-01", "04.03.2026", "constructor"])(
    "does not read %j",
    (words) => {
      expect(parseDay(words, berlin)).toBeNull();
    },
  );

  test("a weekday is one of the seven days after today, in any zone and at any time", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("2026-01-01"), max: new Date("2029-12-31"), noInvalidDate: true }),
        fc.constantFrom("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "UTC"),
        fc.constantFrom("monday", "thu", "Sonntag"),
        (now, timeZone, words) => {
          const today = { now: now.getTime(), timeZone };
          const away = Date.parse(parseDay(words, today)!) - Date.parse(parseDay("today", today)!);
          expect(away).toBeGreaterThan(0);
          expect(away).toBeLessThanOrEqual(7 * 86_400_000);
        },
      ),
    );
  });
});

describe("a day in a zone", () => {
  test.each([
    ["2026-03-04", "Europe/Berlin", "2026-03-04T08:00:00.000Z", "2026-03-04T23:00:00.000Z"],
    // Clocks go forward in the night to the 29th, and back in the night to the 25th of October.
    ["2026-03-28", "Europe/Berlin", "2026-03-28T08:00:00.000Z", "2026-03-28T23:00:00.000Z"],
    ["2026-03-29", "Europe/Berlin", "2026-03-29T07:00:00.000Z", "2026-03-29T22:00:00.000Z"],
    ["2026-10-25", "Europe/Berlin", "2026-10-25T08:00:00.000Z", "2026-10-25T23:00:00.000Z"],
    ["2026-07-01", "America/New_York", "2026-07-01T13:00:00.000Z", "2026-07-02T04:00:00.000Z"],
    ["2026-07-01", "Asia/Kathmandu", "2026-07-01T03:15:00.000Z", "2026-07-01T18:15:00.000Z"],
  ])("%s in %s is reminded of at nine and over at midnight", (day, zone, reminder, end) => {
    expect(new Date(reminderOf(day, zone)).toISOString()).toBe(reminder);
    expect(new Date(endOf(day, zone)).toISOString()).toBe(end);
  });
});
