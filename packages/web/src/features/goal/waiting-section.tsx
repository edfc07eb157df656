import type { InboxEntry } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { formatAgo } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { INBOX_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Section } from "../../ui/page.tsx";

/** What of this goal waits for a person. */
export function WaitingSection({ entries }: { entries: readonly InboxEntry[] }) {
  const now = useNow();
  if (entries.length === 0) return null;
  return (
    <Section title="Waits for you">
      <ul className="divide-y divide-line rounded-xl border border-warn bg-raised">
        {entries.map((entry) => (
          <li key={entry.id}>
            <Link
              to="/inbox/$entryId"
              params={{ entryId: entry.id }}
              className="flex min-h-13 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 hover:bg-sunken"
            >
              <Badge look={INBOX_LOOKS[entry.kind]} />
              <span className="min-w-0 flex-1 basis-48 text-wrap-anywhere">{entry.title}</span>
              <span className="text-xs text-quiet tabular-nums">{formatAgo(entry.createdAt, now)}</span>
              <Icon name="forward" className="size-4 shrink-0 text-quiet" />
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}
