import type { CapUse } from "@bureau/protocol";
import { formatCount, formatMoney } from "../../lib/format.ts";
import { Meter } from "../../ui/meter.tsx";
import { Card, Section } from "../../ui/page.tsx";

/** How much of each cap is gone, in words and as a bar. */
export function CapsSection({ caps }: { caps: readonly CapUse[] }) {
  return (
    <Section title="Caps">
      {caps.length === 0 ? (
        <p className="text-quiet">
          No caps are set for the workspace or an agent. They are written in{" "}
          <code className="font-mono">bureau.yaml</code>. A goal's own budget stands with the goal.
        </p>
      ) : (
        <Card className="flex flex-col gap-4">
          {caps.map((cap) => (
            <Cap key={`${cap.of} ${cap.scope} ${cap.period} ${cap.limit}`} cap={cap} />
          ))}
        </Card>
      )}
    </Section>
  );
}

function Cap({ cap }: { cap: CapUse }) {
  const name = `${cap.of === "workspace" ? "All work" : cap.scope}, ${cap.period === "day" ? "today" : "in all"}`;
  const words = `${amount(cap, cap.spent)} of ${amount(cap, cap.cap)} used, ${amount(cap, cap.left)} left`;
  const gone = cap.spent + cap.reserved;
  return (
    <div>
      <div className="mb-1 flex flex-wrap justify-between gap-x-3 text-[0.9375rem]">
        <span className="text-wrap-anywhere">{name}</span>
        <span className="text-quiet tabular-nums">{words}</span>
      </div>
      <Meter share={cap.cap === 0 ? 1 : gone / cap.cap} label={name} words={words} />
      {cap.reserved > 0 ? (
        <p className="mt-1 text-xs text-quiet">{amount(cap, cap.reserved)} of it is set aside for calls under way.</p>
      ) : null}
    </div>
  );
}

function amount({ limit }: CapUse, value: number): string {
  if (limit === "micros") return formatMoney(value);
  return limit === "tokens" ? `${formatCount(value)} tokens` : `${value} runs`;
}
