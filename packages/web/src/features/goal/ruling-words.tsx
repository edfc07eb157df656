import { Details } from "../../ui/details.tsx";
import { Icon } from "../../ui/icon.tsx";
import type { Ruling } from "./rulings.ts";

/** What was made of a constraint: a rule that is held, or advice. Nothing where that is not known. */
export function RulingWords({ ruling }: { ruling: Ruling }) {
  if (ruling.kind === "unknown") return null;
  if (ruling.kind === "advice") {
    return (
      <p className="mt-1 flex items-center gap-1.5 text-sm text-quiet">
        <Icon name="thread" className="size-4 shrink-0" />
        Advice: the agent is told, and nothing holds it to this.
      </p>
    );
  }
  return (
    <div className="mt-1 text-sm">
      <p className="flex items-start gap-1.5 text-accent">
        <Icon name="shield" className="mt-0.5 size-4 shrink-0" />
        <span className="text-wrap-anywhere">Rule: {lowerFirst(ruling.sentence)}.</span>
      </p>
      <Details
        className="ml-5.5"
        summary={ruling.rules.length === 1 ? "The pattern" : `The ${ruling.rules.length} patterns`}
      >
        <p className="font-mono text-xs text-wrap-anywhere">
          {ruling.rules.map(({ tool, target }) => (target === null ? tool : `${tool} → ${target}`)).join(", ")}
        </p>
      </Details>
    </div>
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
