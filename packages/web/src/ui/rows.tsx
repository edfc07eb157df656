import type { ReactNode } from "react";

/** Things under each other in one frame. */
export function Rows({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul aria-label={label} className="divide-y divide-line rounded-xl border border-line bg-raised">
      {children}
    </ul>
  );
}

interface RowProps {
  name: ReactNode;
  /** One quiet line under the name. */
  detail?: ReactNode;
  /** What can be done with it. */
  children?: ReactNode;
}

export function Row({ name, detail, children }: RowProps) {
  return (
    <li className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
      <div className="min-w-0 flex-1 basis-48">
        <div className="flex flex-wrap items-center gap-x-2 font-medium text-wrap-anywhere">{name}</div>
        {detail === undefined ? null : <div className="text-sm text-quiet text-wrap-anywhere">{detail}</div>}
      </div>
      {children === undefined ? null : <div className="flex flex-wrap items-center gap-1">{children}</div>}
    </li>
  );
}
