import { type EffectStatus, EFFECT_STATUSES } from "@bureau/protocol";
import { useMemo } from "react";
import { useView } from "../../live/use-live.ts";
import { EFFECT_LOOKS } from "../../status.ts";
import { Select } from "../../ui/field.tsx";

export interface EffectFilter {
  status: EffectStatus | "";
  goal: string;
  agent: string;
}

export const NO_FILTER: EffectFilter = { status: "", goal: "", agent: "" };

/** Which part of the ledger is shown. */
export function EffectFilters({
  filter,
  onChange,
}: {
  filter: EffectFilter;
  onChange: (filter: EffectFilter) => void;
}) {
  const goals = useView((view) => view.goals);
  const agents = useView((view) => view.agents);
  const byTitle = useMemo(
    () => Object.values(goals).toSorted((one, other) => one.title.localeCompare(other.title)),
    [goals],
  );
  const byName = useMemo(
    () => Object.values(agents).toSorted((one, other) => one.name.localeCompare(other.name)),
    [agents],
  );
  return (
    <div className="mb-4 grid grid-cols-2 gap-2 max-sm:*:first:col-span-2 sm:grid-cols-3">
      <Select
        label="Status"
        hideLabel
        value={filter.status}
        onChange={({ target }) =>
          onChange({ ...filter, status: EFFECT_STATUSES.find((one) => one === target.value) ?? "" })
        }
      >
        <option value="">Every status</option>
        {EFFECT_STATUSES.map((status) => (
          <option key={status} value={status}>
            {EFFECT_LOOKS[status].label}
          </option>
        ))}
      </Select>
      <Select
        label="Goal"
        hideLabel
        value={filter.goal}
        onChange={({ target }) => onChange({ ...filter, goal: target.value })}
      >
        <option value="">Every goal</option>
        {byTitle.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </Select>
      <Select
        label="Agent"
        hideLabel
        value={filter.agent}
        onChange={({ target }) => onChange({ ...filter, agent: target.value })}
      >
        <option value="">Every agent</option>
        {byName.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
    </div>
  );
}
