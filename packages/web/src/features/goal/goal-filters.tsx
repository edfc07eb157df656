import type { Agent } from "@bureau/protocol";
import { Select, TextField } from "../../ui/field.tsx";
import type { GoalFilter } from "./goal-groups.ts";

/** What narrows the list. The agents are offered where there is a choice. */
export function GoalFilters({
  filter,
  agents,
  onChange,
}: {
  filter: GoalFilter;
  agents: readonly Agent[];
  onChange: (filter: GoalFilter) => void;
}) {
  return (
    <search className="flex gap-2 pt-1 *:min-w-0 *:flex-1">
      <TextField
        label="Find a goal"
        hideLabel
        type="search"
        placeholder="Find a goal"
        value={filter.text}
        onChange={(event) => onChange({ ...filter, text: event.target.value })}
      />
      {agents.length < 2 ? null : (
        <Select
          label="Agent"
          hideLabel
          value={filter.agentId}
          onChange={(event) => onChange({ ...filter, agentId: event.target.value })}
        >
          <option value="">All agents</option>
          {agents.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      )}
    </search>
  );
}
