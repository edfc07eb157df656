import type { AgentsApi, GoalsApi, InboxApi, RunsApi, StateApi, WorkApi } from "../engine-api.ts";
import { getAgent, listAgents } from "../queries/agents.ts";
import { getGoal, listEvidence, listGoals } from "../queries/goals.ts";
import { getInboxEntry, hey, listInbox } from "../queries/inbox.ts";
import { getRun, listRuns, listSteps, listToolCalls } from "../queries/runs.ts";
import { getTask, listTasks } from "../queries/tasks.ts";
import { getThread, listItems, listThreads } from "../queries/threads.ts";
import { usage } from "../queries/usage.ts";
import { addAgent, createAgent } from "./add-agent.ts";
import { answerInboxEntry } from "./answer-question.ts";
import { cancelRun } from "./cancel-run.ts";
import { cancelTask } from "./cancel-task.ts";
import { checkGoal } from "./check-goal.ts";
import { createGoal } from "./create-goal.ts";
import { createTask } from "./create-task.ts";
import { decideInboxEntry } from "./decide-entry.ts";
import { editInboxEntry } from "./edit-approval.ts";
import { editGoal } from "./edit-goal.ts";
import type { CommandParts } from "./parts.ts";
import { pauseAgent, resumeAgent } from "./pause-agent.ts";
import { pauseGoal } from "./pause-goal.ts";
import { replyToInbox } from "./reply-to-inbox.ts";
import { resumeGoal } from "./resume-goal.ts";
import { postMessage, startRun } from "./start-run.ts";
import { steerRun } from "./steer-run.ts";
import { stopGoal } from "./stop-goal.ts";

/** The part of the engine that needs only the store: every command and every read. */
export type UseCases = AgentsApi &
  GoalsApi &
  WorkApi &
  Omit<RunsApi, "exportRecording"> &
  InboxApi &
  Pick<StateApi, "hey" | "usage">;

export function useCases(parts: CommandParts): UseCases {
  const { database } = parts;
  return {
    listAgents: (query) => listAgents(database, query),
    getAgent: (agent) => getAgent(database, agent),
    addAgent: (input) => addAgent(parts, input),
    createAgent: (input) => createAgent(parts, input),
    pauseAgent: (agent) => pauseAgent(parts, agent),
    resumeAgent: (agent) => resumeAgent(parts, agent),
    listGoals: (query) => listGoals(database, query),
    getGoal: (goal) => getGoal(database, goal),
    createGoal: (input) => createGoal(parts, input),
    editGoal: (goal, input) => editGoal(parts, goal, input),
    pauseGoal: (goal) => pauseGoal(parts, goal),
    resumeGoal: (goal) => resumeGoal(parts, goal),
    stopGoal: (goal) => stopGoal(parts, goal),
    checkGoal: (goal) => checkGoal(parts, goal),
    listEvidence: (goal, page) => listEvidence(database, goal, page),
    listTasks: (query) => listTasks(database, query),
    getTask: (task) => getTask(database, task),
    createTask: (input) => createTask(parts, input),
    cancelTask: (task) => cancelTask(parts, task),
    listThreads: (query) => listThreads(database, query),
    getThread: (thread) => getThread(database, thread),
    listItems: (thread, query) => listItems(database, thread, query),
    postMessage: (thread, text) => postMessage(parts, thread, text),
    startRun: (input) => startRun(parts, input),
    listRuns: (query) => listRuns(database, query),
    getRun: (run) => getRun(database, run),
    listSteps: (run, query) => listSteps(database, run, query),
    listToolCalls: (run, query) => listToolCalls(database, run, query),
    cancelRun: (run) => cancelRun(parts, run),
    steerRun: (run, text) => steerRun(parts, run, text),
    listInbox: (query) => listInbox(database, query),
    getInboxEntry: (entry) => getInboxEntry(database, entry),
    decideInboxEntry: (entry, input) => decideInboxEntry(parts, entry, input),
    editInboxEntry: (entry, input) => editInboxEntry(parts, entry, input),
    answerInboxEntry: (entry, input) => answerInboxEntry(parts, entry, input),
    replyToInbox: (input) => replyToInbox(parts, input),
    hey: () => hey(database),
    usage: (query) => usage(database, query),
  };
}
