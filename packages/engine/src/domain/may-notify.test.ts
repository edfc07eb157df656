import { INBOX_KINDS, type Preferences, WEEKDAYS, type WeekHours } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isOpen, mayNotify } from "./may-notify.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const week = (from: string, to: string, days: readonly string[] = WEEKDAYS): WeekHours =>
  Object.fromEntries(WEEKDAYS.map((day) => [day, days.includes(day) ? { from, to } : null])) as WeekHours;
const prefer = (part: Partial<Preferences> = {}): Preferences => ({
  hours: null,
  timeZone: "Europe/Berlin",
  kinds: [...INBOX_KINDS],
  showContent: false,
  ...part,
});
const at = (text: string) => Date.parse(text);
const laterAt = (preferences: Preferences, now: string) => {
  const may = mayNotify(preferences, at(now), "approval");
  return may.type === "later" ? new Date(may.at).toISOString() : may.type;
};

describe("mayNotify", () => {
  test("tells at any time where no hours are set, and never of a kind that is not wanted", () => {
    expect(mayNotify(prefer(), at("2026-03-01T03:00:00Z"), "approval")).toEqual({ type: "now" });
    expect(mayNotify(prefer({ kinds: ["question"] }), at("2026-03-01T03:00:00Z"), "approval")).toEqual({
      type: "never",
    });
  });

  test("waits for the hours of the next day that has some", () => {
    const work = prefer({ hours: week("08:00", "18:00", ["monday", "tuesday", "friday"]) });
    expect(laterAt(work, "2026-03-02T07:00:00Z")).toBe("now");
    expect(laterAt(work, "2026-03-02T06:59:59Z")).toBe("2026-03-02T07:00:00.000Z");
    expect(laterAt(work, "2026-03-02T17:00:00Z")).toBe("2026-03-03T07:00:00.000Z");
    expect(laterAt(work, "2026-03-03T17:00:00Z")).toBe("2026-03-06T07:00:00.000Z");
    expect(laterAt(work, "2026-03-06T17:00:00Z")).toBe("2026-03-09T07:00:00.000Z");
  });

  test.each([
    // Clocks go from 02:00 to 03:00: hours that begin in between begin with the change.
    ["02:30", "05:00", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00.000Z"],
    // Hours that lie wholly in what is left out are those of the next day.
    ["02:15", "02:45", "2026-03-29T00:00:00Z", "2026-03-30T00:15:00.000Z"],
    ["08:00", "18:00", "2026-03-28T18:00:00Z", "2026-03-29T06:00:00.000Z"],
    // Clocks go from 03:00 back to 02:00: what is shown twice is open twice.
    ["02:15", "02:30", "2026-10-25T00:00:00Z", "2026-10-25T00:15:00.000Z"],
    ["02:15", "02:30", "2026-10-25T00:30:00Z", "2026-10-25T01:15:00.000Z"],
    ["01:00", "02:30", "2026-10-25T00:45:00Z", "2026-10-25T01:00:00.000Z"],
    ["08:00", "18:00", "2026-10-24T17:00:00Z", "2026-10-25T07:00:00.000Z"],
  ])("over a change of clocks, hours from %s to %s asked at %s open at %s", (from, to, now, opens) => {
    expect(laterAt(prefer({ hours: week(from, to) }), now)).toBe(opens);
  });

  test("finds hours where a zone leaves out a whole day", () => {
    const fridays = prefer({ timeZone: "Pacific/Apia", hours: week("09:00", "10:00", ["friday"]) });
    // The thirtieth of December 2011, a Friday, never was there.
    expect(laterAt(fridays, "2011-12-29T12:00:00Z")).toBe("2012-01-05T19:00:00.000Z");
  });

  test("is the first open minute after any moment in any zone: none before it is open", () => {
    const zones = [
      "Europe/Berlin",
      "America/New_York",
      "Australia/Lord_Howe",
      "America/St_Johns",
      "Asia/Kolkata",
      "UTC",
    ];
    const changes = ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"];
    const time = fc.integer({ min: 0, max: 24 * 60 - 1 });
    const text = (minute: number) =>
      `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(...changes, "2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"),
        fc.integer({ min: -36 * 60, max: 12 * 60 }),
        time,
        time,
        fc.subarray([...WEEKDAYS], { minLength: 5 }),
        (timeZone, change, minutes, one, other, days) => {
          fc.pre(one !== other);
          const hours = week(text(Math.min(one, other)), text(Math.max(one, other)), days);
          const preferences = prefer({ timeZone, hours });
          const now = at(change) + minutes * MINUTE_MS;
          const may = mayNotify(preferences, now, "question");
          if (may.type === "now") {
            expect(isOpen(preferences, now)).toBe(true);
            return;
          }
          if (may.type === "never") throw new Error("There are hours on five days of each week.");
          expect(isOpen(preferences, may.at)).toBe(true);
          expect(may.at).toBeLessThanOrEqual(now + 8 * 24 * HOUR_MS);
          for (let minute = now; minute < Math.min(may.at, now + 30 * HOUR_MS); minute += MINUTE_MS)
            expect(isOpen(preferences, minute)).toBe(false);
        },
      ),
      { numRuns: 150 },
    );
  });
});
