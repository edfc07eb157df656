import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { client } from "../../lib/session.ts";
import { EFFECT_LOOKS, INBOX_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Section } from "../../ui/page.tsx";

const MAX_SHOWN = 100;

/** What the run did outside the workspace, and what was asked of people for it. `stamp` is another when it changed. */
export function RunOutside({ runId, stamp }: { runId: string; stamp: string }) {
  const effects = useQuery({
    queryKey: ["runs", runId, "effects", stamp],
    queryFn: () => client.listEffects({ query: { run: runId, limit: MAX_SHOWN } }),
    placeholderData: (before) => before,
  });
  const decisions = useQuery({
    queryKey: ["runs", runId, "decisions", stamp],
    queryFn: () =>
      client.listInbox({
        query: {
          run: runId,
          status: ["pending", "approved", "denied", "answered", "dismissed", "expired"],
          limit: MAX_SHOWN,
        },
      }),
    placeholderData: (before) => before,
  });
  return (
    <>
      {effects.data && effects.data.effects.length > 0 ? (
        <Section title="Done outside">
          <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
            {effects.data.effects.map((effect) => (
              <li key={effect.id}>
                <Link to="/effects" className="flex min-h-12 items-center gap-3 px-4 py-2">
                  <span className="min-w-0 flex-1 text-wrap-anywhere">{effect.title}</span>
                  <Badge look={EFFECT_LOOKS[effect.status]} />
                </Link>
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
      {decisions.data && decisions.data.entries.length > 0 ? (
        <Section title="Asked of people">
          <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
            {decisions.data.entries.map((entry) => (
              <li key={entry.id}>
                <Link
                  to="/inbox/$entryId"
                  params={{ entryId: entry.id }}
                  className="flex min-h-12 items-center gap-3 px-4 py-2"
                >
                  <Badge look={INBOX_LOOKS[entry.kind]} />
                  <span className="min-w-0 flex-1 text-wrap-anywhere">{entry.title}</span>
                  <span className="shrink-0 text-sm text-quiet">{entry.status}</span>
                </Link>
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
    </>
  );
}
