import type { Artifact } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { formatAgo, formatBytes } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { Icon } from "../../ui/icon.tsx";
import { Section } from "../../ui/page.tsx";

/** The goal's results for people. */
export function ArtifactsSection({ artifacts }: { artifacts: readonly Artifact[] }) {
  const now = useNow();
  if (artifacts.length === 0) return null;
  return (
    <Section title="Artifacts">
      <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
        {artifacts.map((artifact) => (
          <li key={artifact.id}>
            <Link
              to="/artifacts/$artifactId"
              params={{ artifactId: artifact.id }}
              className="flex min-h-13 items-center gap-3 px-4 py-2 hover:bg-sunken"
            >
              <Icon name="artifact" className="size-4.5 shrink-0 text-quiet" />
              <span className="min-w-0 flex-1">
                <span className="block text-wrap-anywhere">{artifact.title}</span>
                <span className="block text-xs text-quiet">
                  Version {artifact.version} · {formatBytes(artifact.bytes)} · {formatAgo(artifact.updatedAt, now)}
                  {artifact.openComments > 0 ? ` · ${artifact.openComments} open comments` : ""}
                </span>
              </span>
              <Icon name="forward" className="size-4 shrink-0 text-quiet" />
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}
