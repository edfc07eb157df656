import { useQuery } from "@tanstack/react-query";
import { ConnectorsSection } from "../features/health/connectors-section.tsx";
import { FindingsSection, findingsSentence } from "../features/health/findings-section.tsx";
import { formatAgo, formatWhole } from "../lib/format.ts";
import { client } from "../lib/session.ts";
import { useNow } from "../lib/use-now.ts";
import { useView } from "../live/use-live.ts";
import { StopButton } from "../shell.tsx";
import { Button } from "../ui/button.tsx";
import { Facts } from "../ui/inert-box.tsx";
import { Card, Page, Section } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";

/** Whether everything is there that work needs, and what mends what is not. */
export function HealthScreen() {
  const status = useQuery({ queryKey: ["status"], queryFn: () => client.getStatus(), refetchOnMount: "always" });
  const doctor = useQuery({ queryKey: ["doctor"], queryFn: () => client.doctor(), refetchOnMount: "always" });
  const connectors = useQuery({
    queryKey: ["connectors"],
    queryFn: () => client.listConnectors(),
    refetchOnMount: "always",
  });
  const all = [status, doctor, connectors];
  const isAsking = all.some(({ isFetching }) => isFetching);
  const again = () => {
    for (const query of all) void query.refetch();
  };
  const failed = status.error ?? doctor.error ?? connectors.error;
  return (
    <Page
      title="Health"
      actions={
        <Button icon="health" busy={isAsking} onClick={again}>
          Examine again
        </Button>
      }
    >
      <p role="status" className="mb-4 min-h-6 text-quiet">
        {doctor.data === undefined
          ? isAsking
            ? "Examining. This takes a few seconds."
            : ""
          : findingsSentence(doctor.data.findings)}
      </p>
      {failed === null ? null : <Failure error={failed} onRetry={again} />}
      {status.data === undefined ? null : <About status={status.data} />}
      {doctor.data === undefined ? (
        doctor.error === null ? (
          <Loading rows={5} label="Examining" />
        ) : null
      ) : (
        <FindingsSection findings={doctor.data.findings} />
      )}
      {connectors.data === undefined ? null : <ConnectorsSection list={connectors.data} />}
      <StopSection />
    </Page>
  );
}

function About({ status }: { status: Awaited<ReturnType<typeof client.getStatus>> }) {
  return (
    <Section title="This Bureau">
      <Card>
        {status.rehearsal ? (
          <p className="mb-3 rounded-lg bg-warn-soft px-3 py-2 text-sm">
            This is a rehearsal. The model's words come from a recording; no model is asked, and nothing is paid.
          </p>
        ) : null}
        <Facts
          facts={[
            { name: "Now", value: status.sentence },
            { name: "Model", value: status.model ?? "None is set. Agents cannot work until one is." },
            { name: "Workspace", value: <span className="font-mono text-sm">{status.workspace}</span> },
            { name: "Version", value: status.version },
          ]}
        />
      </Card>
    </Section>
  );
}

function StopSection() {
  const halted = useView((view) => view.halted);
  const now = useNow();
  return (
    <Section title="Stop">
      <Card className="flex flex-col gap-3">
        <p>
          {halted === null ? (
            "Work may go on. Stopping ends every call that is under way, and nothing begins until you let it."
          ) : (
            <>
              Everything is stopped, by {halted.by},{" "}
              <span title={formatWhole(halted.at)}>{formatAgo(halted.at, now)}</span>. What was at work goes on by
              itself when you let it.
            </>
          )}
        </p>
        <div className="max-w-56">
          <StopButton />
        </div>
      </Card>
    </Section>
  );
}
