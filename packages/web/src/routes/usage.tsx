import { Link } from "@tanstack/react-router";
import { CapsSection } from "../features/usage/caps-section.tsx";
import {
  amountOf,
  byUse,
  dayRows,
  formatAmount,
  USAGE_BY,
  USAGE_MEASURES,
  USAGE_RANGES,
  type UsageBy,
  type UsageMeasure,
  type UsageRange,
  type UsageRow,
} from "../features/usage/usage-rows.ts";
import { UsageTable } from "../features/usage/usage-table.tsx";
import { useUsage } from "../features/usage/use-usage.ts";
import { formatCount } from "../lib/format.ts";
import { useKept } from "../lib/use-kept.ts";
import { useNow } from "../lib/use-now.ts";
import { Choice } from "../ui/choice.tsx";
import { Card, Page, Section } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";

const TITLES: Record<UsageBy, string> = { goal: "By goal", agent: "By agent", day: "By day" };
const NOUNS: Record<UsageBy, string> = { goal: "Goal", agent: "Agent", day: "Day" };
const MEASURES: Record<UsageMeasure, string> = { money: "Money", tokens: "Tokens" };

interface Choices {
  by: UsageBy;
  range: UsageRange;
  measure: UsageMeasure;
}
const FIRST: Choices = { by: "goal", range: 30, measure: "money" };

/** What the work cost: by goal, by agent, by day. */
export function UsageScreen() {
  const [choices, setChoices] = useKept<Choices>("usage.choices", FIRST);
  const { by, range, measure } = choices;
  const usage = useUsage(by, range);
  const change = (next: Partial<Choices>) => setChoices({ ...choices, ...next });
  return (
    <Page title="Usage">
      <div className="mb-4 flex flex-wrap gap-2">
        <Choice
          label="Show by"
          options={USAGE_BY.map((value) => ({ value, label: TITLES[value] }))}
          value={by}
          onChange={(value) => change({ by: value })}
        />
        <Choice
          label="How many days"
          options={USAGE_RANGES.map((value) => ({ value, label: `${value} days` }))}
          value={range}
          onChange={(value) => change({ range: value })}
        />
        <Choice
          label="Measured in"
          options={USAGE_MEASURES.map((value) => ({ value, label: MEASURES[value] }))}
          value={measure}
          onChange={(value) => change({ measure: value })}
        />
      </div>
      {usage.error === null ? null : <Failure error={usage.error} onRetry={() => void usage.refetch()} />}
      {usage.data === undefined ? (
        usage.error === null ? (
          <Loading rows={5} label="Loading usage" />
        ) : null
      ) : (
        <Report key={`${by} ${range}`} report={usage.data} choices={choices} />
      )}
    </Page>
  );
}

type ReportOf = NonNullable<ReturnType<typeof useUsage>["data"]>;

function Report({ report, choices: { by, range, measure } }: { report: ReportOf; choices: Choices }) {
  const now = useNow();
  const { total } = report;
  const rows = by === "day" ? dayRows(report.rows, range, now) : byUse(report.rows, measure);
  return (
    <>
      <p role="status" className="mb-4 text-quiet">
        In the last {range} days:{" "}
        <span className="font-semibold text-ink tabular-nums">
          {formatAmount(amountOf(total, measure), measure)}
          {measure === "tokens" ? " tokens" : ""}
        </span>{" "}
        in {formatCount(total.modelCalls)} model {total.modelCalls === 1 ? "call" : "calls"} and{" "}
        {formatCount(total.toolCalls)} tool {total.toolCalls === 1 ? "call" : "calls"}.
      </p>
      {total.modelCalls === 0 && total.tokens === 0 ? (
        <Empty icon="usage" title="Nothing was used in these days">
          What a model is asked is counted here, with its cost.
        </Empty>
      ) : (
        <Section title={TITLES[by]}>
          <Card className="py-2">
            <UsageTable
              caption={`${MEASURES[measure]} ${TITLES[by].toLowerCase()}, last ${range} days`}
              noun={NOUNS[by]}
              rows={rows}
              measure={measure}
              {...(by === "day" ? {} : { name: (row: UsageRow) => <Name by={by} row={row} /> })}
            />
          </Card>
          <p className="mt-2 text-xs text-quiet">
            {by === "day" ? "Days are those of UTC. " : ""}Money is counted from the prices of the models.
          </p>
        </Section>
      )}
      <CapsSection caps={report.caps} />
    </>
  );
}

/** Ids lead to what they name; what is no goal has none. */
function Name({ by, row }: { by: "goal" | "agent"; row: UsageRow }) {
  const look = "inline-flex min-h-11 items-center hover:underline md:min-h-9";
  if (by === "agent" && row.key.startsWith("agt_")) {
    return (
      <Link to="/agents/$agentId" params={{ agentId: row.key }} className={look}>
        {row.label}
      </Link>
    );
  }
  if (by === "goal" && row.key.startsWith("goal_")) {
    return (
      <Link to="/goals/$goalId" params={{ goalId: row.key }} className={look}>
        {row.label}
      </Link>
    );
  }
  return row.label;
}
