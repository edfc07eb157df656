import { readLimit, readList } from "./answer.ts";
import type { Connection } from "./connect.ts";
import { resolveReference } from "./references.ts";

/** The options by which runs and tasks are chosen. */
export interface WorkFilter {
  status?: string;
  goal?: string;
  agent?: string;
  limit?: string;
}

/** The query for them. Fails on a status that is not one of `statuses`, and on names that nothing has. */
export async function readWorkFilter<Status extends string>(
  client: Connection["client"],
  options: WorkFilter,
  statuses: readonly Status[],
) {
  const status = readList("--status", options.status, statuses);
  const goal = options.goal === undefined ? undefined : await resolveReference(client, "goal", options.goal);
  const agent = options.agent === undefined ? undefined : await resolveReference(client, "agent", options.agent);
  return {
    ...readLimit(options.limit),
    ...(status === undefined ? {} : { status }),
    ...(goal === undefined ? {} : { goal }),
    ...(agent === undefined ? {} : { agent }),
  };
}
