import { type DayHours, type WeekHours, WEEKDAYS } from "@bureau/protocol";
import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { DAY_WORDS } from "./words.ts";

const WORK_DAY: DayHours = { from: "08:00", to: "18:00" };
const TIME_BOX = "min-h-11 rounded-lg border border-strong-line bg-raised px-2 tabular-nums disabled:opacity-55";

interface HoursFormProps {
  hours: WeekHours;
  zone: string;
  onChange: (hours: WeekHours) => void;
}

/** From when until when, day by day; kept when it is whole. */
export function HoursForm({ hours, zone, onChange }: HoursFormProps) {
  const [week, setWeek] = useState(hours);
  const days = Object.values(week).filter((day) => day !== null);
  const isWhole = days.length > 0 && days.every(({ from, to }) => from !== "" && to !== "" && from < to);
  const isChanged = JSON.stringify(week) !== JSON.stringify(hours);
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1 text-sm text-quiet">Hours in {zone}</legend>
      {WEEKDAYS.map((day) => {
        const of = week[day];
        const set = (next: DayHours | null) => setWeek({ ...week, [day]: next });
        return (
          <div key={day} className="flex flex-wrap items-center gap-2">
            <label className="flex min-h-11 w-full cursor-pointer items-center gap-2 md:w-32">
              <input
                type="checkbox"
                className="size-5 accent-accent"
                checked={of !== null}
                onChange={(event) => set(event.target.checked ? WORK_DAY : null)}
              />
              {DAY_WORDS[day]}
            </label>
            {of === null ? null : (
              <>
                <input
                  type="time"
                  aria-label={`${DAY_WORDS[day]} from`}
                  className={TIME_BOX}
                  value={of.from}
                  onChange={(event) => set({ ...of, from: event.target.value })}
                />
                <span aria-hidden="true">–</span>
                <input
                  type="time"
                  aria-label={`${DAY_WORDS[day]} until`}
                  className={TIME_BOX}
                  value={of.to === "24:00" ? "23:59" : of.to}
                  onChange={(event) => set({ ...of, to: event.target.value })}
                />
              </>
            )}
          </div>
        );
      })}
      {isWhole ? null : (
        <p role="alert" className="text-sm text-bad">
          Choose one day at least; each begins before it ends.
        </p>
      )}
      {isChanged ? (
        <Button kind="primary" className="mt-1 self-start" disabled={!isWhole} onClick={() => onChange(week)}>
          Keep these hours
        </Button>
      ) : null}
    </fieldset>
  );
}
