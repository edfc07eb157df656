/** What the model server is told before a load. */
export interface Round {
  turns: number;
  call: { name: string; arguments: Record<string, unknown> };
  /** Keep every agent's last answer back until released, so that memory can be read in mid-run. */
  hold: boolean;
}

/** What the model server saw. Times are milliseconds since 1970, with fractions. */
export interface RoundReport {
  /** From the last byte of an answer leaving to the head of the agent's next request arriving, in order of arrival. */
  turnMs: number[];
  firstRequestAt: number[];
  /** Agents whose last request, the one after all turns, has come. */
  agentsAtEnd: number;
  lastRequestAt: number;
  firstRequestBytes: number;
}

export const AGENT_MARK = /\[bench:\d+:\d+\]/;

export function agentPrompt(round: number, agent: number): string {
  return `[bench:${round}:${agent}] Do what the tools allow until nothing is left to do, then say that it is done.`;
}
