import type { EngineApi } from "@bureau/engine";
import type { App, AppParts } from "../app-parts.ts";
import { isSame } from "../auth.ts";
import { authorize } from "../caller.ts";

/**
 * What watches a server needs: is it up, can it work, how much is going on, what can be asked.
 *
 * Strangers are told no more than that it is up, and what any Bureau can be asked. Counts need a token.
 */
export function addCareRoutes(app: App, parts: AppParts): void {
  app.get("/healthz", (context) => context.json({ ok: true }));
  app.get("/readyz", async (context) => {
    await parts.engine.ready();
    return context.json({ ok: true });
  });
  app.get("/metrics", async (context) => {
    authorize(context, { access: "member", endpoint: { method: "GET" } }, isSame);
    const text = await metricsText(parts.engine);
    return context.body(text, 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  });
  let document: Promise<string> | null = null;
  app.get("/api/openapi.json", async (context) => {
    document ??= import("../openapi.ts").then(({ openApiDocument }) => JSON.stringify(openApiDocument(parts.version)));
    return context.body(await document, 200, { "content-type": "application/json" });
  });
}

async function metricsText(engine: EngineApi): Promise<string> {
  const { counts, lastSeq } = await engine.status();
  const memory = process.memoryUsage();
  const processor = process.cpuUsage();
  return [
    ...metric("bureau_runs", "gauge", "Runs that are not over, by status.", [
      ['{status="queued"}', counts.runsQueued],
      ['{status="running"}', counts.runsRunning],
      ['{status="waiting"}', counts.runsWaiting],
    ]),
    ...metric("bureau_goals", "gauge", "Goals that are open, by status.", [
      ['{status="active"}', counts.goalsActive],
      ['{status="blocked"}', counts.goalsBlocked],
    ]),
    ...metric("bureau_inbox_pending", "gauge", "Decisions that wait for a person.", [["", counts.inboxPending]]),
    ...metric("bureau_events_total", "counter", "Sequence number of the newest event.", [["", lastSeq]]),
    ...metric("process_resident_memory_bytes", "gauge", "Resident memory of this process.", [["", memory.rss]]),
    ...metric("nodejs_heap_used_bytes", "gauge", "JavaScript heap in use.", [["", memory.heapUsed]]),
    ...metric("process_cpu_seconds_total", "counter", "Processor time used by this process.", [
      ["", (processor.user + processor.system) / 1_000_000],
    ]),
    "",
  ].join("\n");
}

function metric(name: string, type: "gauge" | "counter", help: string, values: [string, number][]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...values.map(([labels, value]) => `${name}${labels} ${value}`),
  ];
}
