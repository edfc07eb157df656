import type { InboxEntry } from "@bureau/protocol";
import { formatWhole } from "../../lib/format.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { Facts, InertBox, InertText } from "../../ui/inert-box.tsx";
import { Section } from "../../ui/page.tsx";
import { readDetail } from "./detail.ts";

/** What is behind an entry: how it is called, when it was asked, and its arguments as they are. */
export function EntryFacts({ entry }: { entry: InboxEntry }) {
  const { action } = readDetail(entry);
  const facts = [
    { name: "Asked", value: formatWhole(entry.createdAt) },
    ...(entry.remindedAt === null ? [] : [{ name: "Reminded", value: formatWhole(entry.remindedAt) }]),
    ...(entry.expiresAt === null ? [] : [{ name: "Expires", value: formatWhole(entry.expiresAt) }]),
    ...(action === null
      ? []
      : [{ name: "Tool", value: `${action.tool}${action.kind === action.tool ? "" : ` (${action.kind})`}` }]),
    ...(action === null || action.targets.length === 0
      ? []
      : [{ name: "Goes to", value: action.targets.map(visibleText).join(", ") }]),
    ...(action === null || action.reaches.length === 0
      ? []
      : [{ name: "Opens", value: action.reaches.map(visibleText).join(", ") }]),
    ...(entry.actionHash === null
      ? []
      : [{ name: "Action", value: <span className="font-mono text-xs">{entry.actionHash}</span> }]),
  ];
  return (
    <Section title="Behind it">
      <div className="flex flex-col gap-3 text-sm">
        <Facts facts={facts} />
        {action === null ? null : (
          <InertBox caption="Its arguments, as they would be sent">
            <InertText text={JSON.stringify(action.arguments, null, 2) ?? ""} isCode />
          </InertBox>
        )}
      </div>
    </Section>
  );
}
