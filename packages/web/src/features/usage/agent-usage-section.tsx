import { formatCount, formatMoney } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { Card, Section } from "../../ui/page.tsx";
import { Failure, Loading } from "../../ui/states.tsx";
import { dayRows } from "./usage-rows.ts";
import { UsageTable } from "./usage-table.tsx";
import { useUsage } from "./use-usage.ts";

/** What one agent cost on each of the last seven days. */
export function AgentUsageSection({ agentId }: { agentId: string }) {
  const now = useNow();
  const { data, error, refetch } = useUsage("day", 7, agentId);
  return (
    <Section title="What it costs">
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading rows={3} label="Loading what it costs" /> : null}
      {data === undefined ? null : (
        <Card className="py-2">
          <UsageTable
            caption="Money by day, last 7 days"
            noun="Day"
            rows={dayRows(data.rows, 7, now)}
            measure="money"
          />
          <p className="py-2 text-sm text-quiet">
            {formatMoney(data.total.micros)} and {formatCount(data.total.tokens)} tokens in 7 days.
          </p>
        </Card>
      )}
    </Section>
  );
}
