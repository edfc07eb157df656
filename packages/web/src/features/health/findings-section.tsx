import type { DoctorFinding } from "@bureau/protocol";
import type { Look } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Section } from "../../ui/page.tsx";
import { CopyCommand } from "./copy-command.tsx";

const LOOKS: Record<DoctorFinding["status"], Look> = {
  missing: { label: "Missing", tone: "bad", icon: "warning" },
  warning: { label: "Look at it", tone: "warn", icon: "warning" },
  ok: { label: "Good", tone: "good", icon: "check" },
};
const ORDER = { missing: 0, warning: 1, ok: 2 } as const;

/** What was examined, what is wrong first, with what mends it. */
export function FindingsSection({ findings }: { findings: readonly DoctorFinding[] }) {
  const sorted = findings.toSorted((one, other) => ORDER[one.status] - ORDER[other.status]);
  return (
    <Section title="Examined">
      <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
        {sorted.map((finding) => (
          <li key={finding.name} className="px-4 py-3">
            <div className="flex items-start justify-between gap-3">
              <h3 className="min-w-0 font-medium text-wrap-anywhere">{finding.name}</h3>
              <Badge look={LOOKS[finding.status]} className="mt-0.5" />
            </div>
            <p className="text-sm text-quiet text-wrap-anywhere">{finding.message}</p>
            {finding.hint === null ? null : <CopyCommand text={finding.hint} />}
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** The whole in one sentence. */
export function findingsSentence(findings: readonly DoctorFinding[]): string {
  const missing = findings.filter(({ status }) => status === "missing").length;
  const warnings = findings.filter(({ status }) => status === "warning").length;
  if (missing + warnings === 0) return "Everything that was examined is good.";
  const parts = [...(missing > 0 ? [`${missing} missing`] : []), ...(warnings > 0 ? [`${warnings} to look at`] : [])];
  return `${parts.join(", ")}. What mends each stands with it.`;
}
