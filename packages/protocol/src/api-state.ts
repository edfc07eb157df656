import { EventsQuery, UsageQuery } from "./api-inputs.ts";
import { DoctorReport, ResumeAllReply, Status, StopAllReply, UsageReport } from "./api-replies.ts";
import { endpoint } from "./endpoint.ts";

export const stateApi = {
  getStatus: endpoint("GET", "/api/status", {
    summary: "Version, model, workspace and counts",
    group: "state",
    reply: Status,
    errors: ["unavailable"],
  }),
  doctor: endpoint("GET", "/api/doctor", {
    summary: "What is missing, and the command that mends it",
    group: "state",
    reply: DoctorReport,
  }),
  getUsage: endpoint("GET", "/api/usage", {
    summary: "Tokens, money and time by goal, agent or day; money is millionths of a dollar",
    group: "usage",
    query: UsageQuery,
    reply: UsageReport,
    errors: ["not_found"],
  }),
  stopAll: endpoint("POST", "/api/stop", {
    summary: "Stop everything: no model call, tool call or check begins until it is resumed",
    group: "state",
    reply: StopAllReply,
  }),
  resumeAll: endpoint("POST", "/api/resume", {
    summary: "Lift the stop of everything; what was at work goes on by itself",
    group: "state",
    reply: ResumeAllReply,
  }),
  streamEvents: endpoint("GET", "/api/events", {
    summary: "Server-sent events: all stored ones after a sequence number, then live ones; the id is the number",
    group: "events",
    query: EventsQuery,
    reply: "events",
    errors: ["not_found", "limit_reached"],
  }),
};
