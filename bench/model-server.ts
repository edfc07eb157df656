import { join } from "node:path";
import { startNode } from "./node-program.ts";
import type { Round, RoundReport } from "./round.ts";

export interface BenchModelServer {
  url: string;
  begin(round: Round): Promise<void>;
  report(): Promise<RoundReport>;
  /** How many agents have come to their last answer. */
  agentsAtEnd(): Promise<number>;
  /** Sends every answer that was held back. */
  release(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the model server in its own process. */
export async function startBenchModelServer(): Promise<BenchModelServer> {
  const program = await startNode(join(import.meta.dirname, "model-server-main.ts"), {});
  const { url } = (await program.nextLine()) as { url: string };
  const call = async (path: string, body: unknown): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`The model server answered ${response.status} to ${path}.`);
    return response.json();
  };
  return {
    url: `${url}/v1`,
    begin: async (round) => void (await call("/bench/begin", round)),
    report: async () => (await call("/bench/report", {})) as RoundReport,
    agentsAtEnd: async () => ((await call("/bench/progress", {})) as { agentsAtEnd: number }).agentsAtEnd,
    release: async () => void (await call("/bench/release", {})),
    stop: () => program.stop(),
  };
}
