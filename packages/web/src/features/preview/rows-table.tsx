import { useState } from "react";
import { Button } from "../../ui/button.tsx";

/** More rows at once make the page slow. */
const ROWS_STEP = 200;

/** Rows of cells as a table that scrolls within its own box; the first row is its head. */
export function RowsTable({ rows, label }: { rows: readonly (readonly string[])[]; label: string }) {
  const [shown, setShown] = useState(ROWS_STEP);
  const width = Math.max(0, ...rows.slice(0, shown).map(({ length }) => length));
  const columns = Array.from({ length: width }, (_, at) => at);
  const [head = [], ...body] = rows;
  const visible = body.slice(0, shown);
  return (
    <>
      <div
        role="region"
        aria-label={`Table: ${label}`}
        tabIndex={0}
        className="max-h-[70dvh] max-w-full overflow-auto rounded-lg border border-line bg-raised"
      >
        <table className="w-max min-w-full border-collapse text-sm">
          <thead className="sticky top-0 bg-sunken">
            <tr>
              {columns.map((at) => (
                <th key={at} scope="col" className="max-w-80 border-b border-line px-3 py-1.5 text-left font-semibold">
                  {head[at] ?? ""}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {visible.map((row, number) => (
              <tr key={number} className="border-b border-line last:border-b-0">
                {columns.map((at) => (
                  <td key={at} className="max-w-80 px-3 py-1.5 align-top whitespace-pre-wrap">
                    {row[at] ?? ""}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {body.length > shown ? (
        <Button className="self-start" onClick={() => setShown(shown + ROWS_STEP)}>
          Show more rows ({body.length - shown} left)
        </Button>
      ) : null}
    </>
  );
}
