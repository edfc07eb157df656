import { type CapUse, USAGE_GROUPS, type UsageReport } from "@bureau/protocol";
import { answer, readList } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { count, money, oneLine, span } from "../present/text.ts";

interface UsageOptions {
  by?: string;
  since?: string;
  until?: string;
}

/** What was used, by goal, agent or day, and what is left under each cap. */
export async function showUsage(call: Call<UsageOptions>): Promise<void> {
  const { by, since, until } = call.options;
  const { client } = await connect(call);
  const group = readList("--by", by, USAGE_GROUPS)?.[0];
  const report = await client.getUsage({
    query: {
      ...(group === undefined ? {} : { by: group }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    },
  });
  answer(call, report, () => `${usageTable(call, report)}${capsText(report.caps)}`);
}

function usageTable({ terminal }: Pick<Call, "terminal">, report: UsageReport): string {
  if (report.rows.length === 0) return "Nothing was used.\n";
  const rows = [...report.rows, { key: "total", label: "In all", usage: report.total }];
  return renderTable(
    terminal,
    [
      { title: "FOR", value: (row) => oneLine(row.label, 300), flexible: true },
      { title: "TOKENS", value: (row) => row.usage.tokens.toLocaleString("en-US") },
      { title: "MONEY", value: (row) => money(row.usage.micros) },
      { title: "CALLS", value: (row) => String(row.usage.modelCalls) },
      { title: "TIME", value: (row) => span(row.usage.activeMs) },
    ],
    rows,
  );
}

function capsText(caps: readonly CapUse[]): string {
  if (caps.length === 0) return "";
  const lines = caps.map((cap) => {
    const whose = cap.of === "workspace" ? "the workspace" : oneLine(cap.scope, 100);
    const period = cap.period === "day" ? "today" : "in all";
    return `  ${whose} ${period}: ${amount(cap.limit, cap.left)} left of ${amount(cap.limit, cap.cap)}`;
  });
  return `\nCaps:\n${lines.join("\n")}\n`;
}

function amount(limit: CapUse["limit"], value: number): string {
  if (limit === "micros") return money(value);
  return count(value, limit === "tokens" ? "token" : "run");
}
