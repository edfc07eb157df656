import type { RunsApi } from "@bureau/engine";
import type { Handlers, runsApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { deciderOf } from "../caller.ts";

export function runHandlers(engine: RunsApi): Handlers<typeof runsApi, AppContext> {
  return {
    listRuns: ({ query }) => engine.listRuns(query),
    startRun: ({ body }) => engine.startRun(body),
    getRun: ({ params }) => engine.getRun(params.runId),
    listSteps: ({ params, query }) => engine.listSteps(params.runId, query),
    listToolCalls: ({ params, query }) => engine.listToolCalls(params.runId, query),
    cancelRun: ({ params }) => engine.cancelRun(params.runId),
    steerRun: ({ params, body }, context) => engine.steerRun(params.runId, body.text, deciderOf(context)),
    getRecording: ({ params }) => engine.exportRecording(params.runId),
  };
}
