import type { Connector, ConnectorList, ConnectorTool } from "@bureau/protocol";
import { formatAgo } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import type { Look } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Details } from "../../ui/details.tsx";
import { InertBox, InertText } from "../../ui/inert-box.tsx";
import { Section } from "../../ui/page.tsx";

const LOOKS: Record<Connector["status"], Look> = {
  connected: { label: "Connected", tone: "good", icon: "check" },
  resting: { label: "Resting", tone: "neutral", icon: "pause" },
  failed: { label: "Failed", tone: "bad", icon: "warning" },
  unused: { label: "Not used yet", tone: "neutral", icon: "clock" },
};

const EFFECTS: Record<ConnectorTool["effect"], string> = {
  read: "reads",
  write_workspace: "writes in the workspace",
  write_outside: "acts outside",
};

/** Connected servers, how they are, and the tools that they bring. */
export function ConnectorsSection({ list }: { list: ConnectorList }) {
  return (
    <Section title="Connectors">
      {list.notices.map((notice) => (
        <p key={notice} className="mb-2 rounded-lg bg-warn-soft px-3 py-2 text-sm text-wrap-anywhere">
          {notice}
        </p>
      ))}
      {list.connectors.length === 0 ? (
        <p className="text-quiet">
          None. Mail, calendars and other tools are connected by naming their servers in{" "}
          <code className="font-mono">mcp.json</code>.
        </p>
      ) : (
        <ul className="flex flex-col gap-2">
          {list.connectors.map((connector) => (
            <ConnectorCard key={`${connector.file} ${connector.name}`} connector={connector} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function ConnectorCard({ connector }: { connector: Connector }) {
  const { tools, change, error, errorOutput } = connector;
  const now = useNow();
  return (
    <li className="rounded-xl border border-line bg-raised px-4 py-3">
      <div className="flex items-start justify-between gap-3">
        <h3 className="min-w-0 font-medium text-wrap-anywhere">{connector.name}</h3>
        <Badge look={LOOKS[connector.status]} className="mt-0.5" />
      </div>
      <p className="text-sm text-quiet text-wrap-anywhere">
        {connector.agent === null ? "For all agents" : `For ${connector.agent} alone`}, named in {connector.file}.{" "}
        {connector.trust === "trusted" ? "What it says is trusted." : "What it says counts as content from outside."}
      </p>
      {error === null ? null : (
        <div className="mt-2">
          <InertBox caption="Why it failed">
            <InertText text={errorOutput.trim() === "" ? error : `${error}\n\n${errorOutput}`} isCode />
          </InertBox>
        </div>
      )}
      {change === null ? null : (
        <p className="mt-1 text-sm text-warn text-wrap-anywhere">
          Its tools changed {formatAgo(change.at, now)}: {changeWords(change)}.
        </p>
      )}
      {tools.length === 0 ? null : (
        <Details summary={tools.length === 1 ? "1 tool" : `${tools.length} tools`}>
          <ul className="flex flex-col gap-1.5 pb-1 pl-5.5 text-sm">
            {tools.map((tool) => (
              <li key={tool.name}>
                <span className="font-mono text-wrap-anywhere">{tool.name}</span>{" "}
                <span className="text-quiet">
                  {tool.hidden ? "is kept from agents" : EFFECTS[tool.effect]}: {tool.why}
                </span>
              </li>
            ))}
          </ul>
        </Details>
      )}
    </li>
  );
}

function changeWords({ added, removed, changed }: NonNullable<Connector["change"]>): string {
  const parts = [
    ...(added.length > 0 ? [`new ${added.join(", ")}`] : []),
    ...(removed.length > 0 ? [`gone ${removed.join(", ")}`] : []),
    ...(changed.length > 0 ? [`other ${changed.join(", ")}`] : []),
  ];
  return parts.join("; ");
}
