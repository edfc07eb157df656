import type { ActivityEntry } from "@bureau/protocol";

export type ActivityRow =
  | { type: "day"; key: string; label: string }
  | { type: "entry"; key: string; entry: ActivityEntry };

const dayName = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const dayNameWithYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });

/** Entries, newest first and each once, with a line before each day. */
export function activityRows(entries: readonly ActivityEntry[], now: number): ActivityRow[] {
  const rows: ActivityRow[] = [];
  const seen = new Set<number>();
  let day = "";
  for (const entry of entries) {
    if (seen.has(entry.seq)) continue;
    seen.add(entry.seq);
    const of = new Date(entry.at).toDateString();
    if (of !== day) rows.push({ type: "day", key: of, label: dayLabel(entry.at, now) });
    day = of;
    rows.push({ type: "entry", key: `${entry.seq}`, entry });
  }
  return rows;
}

/** Those that came after the newest one that is shown. */
export function newerThan(entries: readonly ActivityEntry[], seq: number): ActivityEntry[] {
  return entries.filter((entry) => entry.seq > seq);
}

function dayLabel(at: string, now: number): string {
  const date = new Date(at);
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (date.toDateString() === new Date(now).toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return date.getFullYear() === new Date(now).getFullYear() ? dayName.format(date) : dayNameWithYear.format(date);
}
