import { useQuery } from "@tanstack/react-query";
import { client } from "../../lib/session.ts";
import { readNow } from "../../lib/use-now.ts";
import { firstDay, type UsageBy, type UsageRange } from "./usage-rows.ts";

/** What was used in the last days. Asked for anew whenever a screen that shows it is opened: no event tells of it. */
export function useUsage(by: UsageBy, range: UsageRange, agent?: string) {
  return useQuery({
    queryKey: ["usage", by, range, agent ?? ""],
    queryFn: () =>
      client.getUsage({ query: { by, since: firstDay(range, readNow()), ...(agent !== undefined && { agent }) } }),
    refetchOnMount: "always",
  });
}
