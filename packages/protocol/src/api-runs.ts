import { After, ListRuns, Message, StartRun } from "./api-inputs.ts";
import { Recording, RunList, StepList, ToolCallList } from "./api-replies.ts";
import { endpoint } from "./endpoint.ts";
import { Run } from "./run.ts";

const group = "runs";

export const runsApi = {
  listRuns: endpoint("GET", "/api/runs", {
    summary: "Runs, newest first",
    group,
    query: ListRuns,
    reply: RunList,
    errors: ["not_found"],
  }),
  startRun: endpoint("POST", "/api/runs", {
    summary: "Start one run of an agent, in a folder or in a thread",
    group,
    body: StartRun,
    reply: Run,
    errors: ["not_found", "conflict"],
  }),
  getRun: endpoint("GET", "/api/runs/:runId", { summary: "One run", group, reply: Run, errors: ["not_found"] }),
  listSteps: endpoint("GET", "/api/runs/:runId/steps", {
    summary: "Steps of a run after a number, in order",
    group,
    query: After,
    reply: StepList,
    errors: ["not_found"],
  }),
  listToolCalls: endpoint("GET", "/api/runs/:runId/tool-calls", {
    summary: "Tool calls of a run in the order they were asked for",
    group,
    query: After,
    reply: ToolCallList,
    errors: ["not_found"],
  }),
  cancelRun: endpoint("POST", "/api/runs/:runId/cancel", {
    summary: "Stop a run; canceling it again is no error",
    group,
    reply: Run,
    errors: ["not_found", "conflict"],
  }),
  steerRun: endpoint("POST", "/api/runs/:runId/steer", {
    summary: "Tell a run something; it reads it at its next safe point",
    group,
    body: Message,
    reply: Run,
    errors: ["not_found", "conflict"],
  }),
  getRecording: endpoint("GET", "/api/runs/:runId/recording", {
    summary: "The run's model answers, for a rehearsal",
    group,
    reply: Recording,
    errors: ["not_found"],
  }),
};
