import type { InboxEntry } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatAgo } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { INBOX_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Section } from "../../ui/page.tsx";

/** What of this goal waits for a person. */
export function WaitingSection({ entries }: { entries: readonly InboxEntry[] }) {
  const now = useNow();
  const [hadEntries, setHadEntries] = useState(false);
  if (entries.length > 0 && !hadEntries) setHadEntries(true);
  if (!hadEntries) return null;
  // It keeps its place when the last one is decided, so that what is below does not jump.
  return (
    <Section title="Waits for you">
      {entries.length === 0 ? (
        <p className="flex min-h-20 items-center rounded-xl border border-line px-4 text-sm text-quiet">
          Nothing of this goal waits for you any more.
        </p>
      ) : (
        <ul className="divide-y divide-line rounded-xl border border-warn bg-raised">
          {entries.map((entry) => (
            <li key={entry.id}>
              <Link
                to="/inbox/$entryId"
                params={{ entryId: entry.id }}
                className="flex min-h-20 items-center gap-3 rounded-xl px-4 py-2 hover:bg-sunken"
              >
                <span className="min-w-0 flex-1">
                  <span className="mb-1 flex items-center gap-3">
                    <Badge look={INBOX_LOOKS[entry.kind]} />
                    <span className="text-xs text-quiet tabular-nums">{formatAgo(entry.createdAt, now)}</span>
                  </span>
                  <span className="line-clamp-3 text-wrap-anywhere">{entry.title}</span>
                </span>
                <Icon name="forward" className="size-4 shrink-0 text-quiet" />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
