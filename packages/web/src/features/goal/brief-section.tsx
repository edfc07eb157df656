import type { Goal } from "@bureau/protocol";
import { Markdown } from "../../ui/markdown.tsx";
import { Section } from "../../ui/page.tsx";

/** What was asked for, in the words of the goal's file. */
export function BriefSection({ goal }: { goal: Goal }) {
  return (
    <>
      {goal.done === null ? null : (
        <Section title="What done looks like">
          <Written source="The goal says">{goal.done}</Written>
        </Section>
      )}
      {goal.brief.trim() === "" ? null : (
        <Section title="Brief">
          <Written source={goal.file === null ? "The goal says" : `From ${goal.file}`}>{goal.brief}</Written>
        </Section>
      )}
    </>
  );
}

function Written({ source, children: text }: { source: string; children: string }) {
  return (
    <figure className="rounded-xl bg-sunken px-4 py-3">
      <figcaption className="mb-1 text-xs text-quiet text-wrap-anywhere">{source}</figcaption>
      <Markdown text={text} />
    </figure>
  );
}
