import { ACTIVITY_KINDS } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ACTIVITY_LOOKS } from "../features/activity/activity-list.tsx";
import { ActivityView } from "../features/activity/activity-view.tsx";
import type { ActivityFilter } from "../features/activity/use-activity.ts";
import { useKept } from "../lib/use-kept.ts";
import { queries } from "../live/load.ts";
import { useView } from "../live/use-live.ts";
import { Select } from "../ui/field.tsx";
import { Page } from "../ui/page.tsx";

const NO_FILTER: ActivityFilter = { kind: "", agent: "" };

/** What happened in the workspace, in sentences. */
export function ActivityScreen() {
  useQuery(queries.agents);
  const agents = useView((view) => view.agents);
  const [filter, setFilter] = useKept("activity.filter", NO_FILTER);
  const byName = useMemo(
    () => Object.values(agents).toSorted((one, other) => one.name.localeCompare(other.name)),
    [agents],
  );
  return (
    <Page title="Activity">
      <div className="mb-4 grid grid-cols-2 gap-2">
        <Select
          label="Kind"
          hideLabel
          value={filter.kind}
          onChange={({ target }) =>
            setFilter({ ...filter, kind: ACTIVITY_KINDS.find((kind) => kind === target.value) ?? "" })
          }
        >
          <option value="">Everything</option>
          {ACTIVITY_KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {ACTIVITY_LOOKS[kind].label}
            </option>
          ))}
        </Select>
        <Select
          label="Agent"
          hideLabel
          value={filter.agent}
          onChange={({ target }) => setFilter({ ...filter, agent: target.value })}
        >
          <option value="">Every agent</option>
          {byName.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      </div>
      <ActivityView key={`${filter.kind} ${filter.agent}`} filter={filter} />
    </Page>
  );
}
