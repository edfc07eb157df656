import { type BureauClient, RUN_STATUSES, TERMINAL_RUN_STATUSES } from "../../packages/protocol/src/index.ts";

const LOOK_MS = 100;
const LIMIT_MS = 60_000;

/** Comes back when every run is over or waits for a person. */
export async function settled(client: BureauClient): Promise<void> {
  const atWork = RUN_STATUSES.filter((status) => status !== "waiting" && !TERMINAL_RUN_STATUSES.includes(status));
  for (const end = performance.now() + LIMIT_MS; performance.now() < end;) {
    const { runs } = await client.listRuns({ query: { status: atWork, limit: 1 } });
    if (runs.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`There is still work after ${LIMIT_MS / 1000} s.`);
}
