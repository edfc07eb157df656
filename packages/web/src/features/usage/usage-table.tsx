import type { ReactNode } from "react";
import { amountOf, formatAmount, type UsageMeasure, type UsageRow } from "./usage-rows.ts";

interface UsageTableProps {
  /** What the table is of, for who hears it. */
  caption: string;
  /** What its lines are: `Goal`, `Day`. */
  noun: string;
  rows: readonly UsageRow[];
  measure: UsageMeasure;
  /** How the name of a line is shown; the label itself where absent. */
  name?: (row: UsageRow) => ReactNode;
}

/** Amounts with a bar each. The number says it all; the bar is only for the eye. */
export function UsageTable({ caption, noun, rows, measure, name }: UsageTableProps) {
  const most = Math.max(1, ...rows.map(({ usage }) => amountOf(usage, measure)));
  return (
    <table className="w-full border-collapse text-[0.9375rem]">
      <caption className="sr-only">{caption}</caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">{noun}</th>
          <th scope="col">{measure === "money" ? "Money" : "Tokens"}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const amount = amountOf(row.usage, measure);
          return (
            <tr key={row.key} className="border-b border-line last:border-b-0">
              <th scope="row" className="w-2/5 py-1 pr-3 text-left font-normal text-wrap-anywhere md:w-1/3">
                {name === undefined ? row.label : name(row)}
              </th>
              <td className="py-1">
                <div className="flex min-h-9 items-center gap-3">
                  <span aria-hidden className="h-3 min-w-0 flex-1">
                    <span
                      className="block h-3 rounded-r-sm bg-accent"
                      style={{ width: amount === 0 ? 0 : `max(2px, ${(100 * amount) / most}%)` }}
                    />
                  </span>
                  <span className="w-20 shrink-0 text-right tabular-nums">{formatAmount(amount, measure)}</span>
                </div>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
