import { answer, readWhole } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { count } from "../present/text.ts";
import { findWorkspace } from "../workspace.ts";

const DAY_MS = 86_400_000;
const MAX_DAYS = 36_500;

export async function prune(call: Call<{ days?: string }>): Promise<void> {
  const days = readWhole("--days", call.options.days, { min: 1, max: MAX_DAYS }) ?? 30;
  const { loadConfig, pruneWorkspace } = await import("@bureau/server");
  const config = await loadConfig({ workspace: findWorkspace(call) }, call.terminal.environment);
  const report = await pruneWorkspace(config, days * DAY_MS);
  answer(call, report, () => {
    const removed = [
      count(report.steps, "step"),
      count(report.toolCalls, "tool call"),
      count(report.events, "event"),
      count(report.blobs, "stored content"),
    ].join(", ");
    return `Removed ${removed}. Threads, goals, runs, evidence and decisions stay.\n`;
  });
}
