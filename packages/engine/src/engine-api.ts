import type {
  ActivityList,
  AddAgent,
  AddDevice,
  AddPolicyRule,
  After,
  AfterOrBefore,
  Agent,
  AgentAbilities,
  AgentComposed,
  AgentContextFiles,
  AgentList,
  AgentMemory,
  AgentSkills,
  Answer,
  BureauEvent,
  CheckStarted,
  ComposeAgent,
  ComposeGoal,
  ConnectorList,
  CreateAgent,
  CreateGoal,
  CreateTask,
  Decision,
  Device,
  DeviceAdded,
  DeviceId,
  DeviceList,
  DoctorReport,
  EditApproval,
  Effect,
  EffectList,
  ListEffects,
  EditGoal,
  EventHistory,
  EventHistoryQuery,
  EvidenceList,
  Goal,
  GoalComposed,
  GoalList,
  GoalText,
  Hey,
  InboxEntry,
  InboxList,
  InboxReply,
  InboxReplyResult,
  ItemList,
  ListActivity,
  ListAgents,
  ListDevices,
  ListGoals,
  ListInbox,
  ListRuns,
  ListTasks,
  ListThreads,
  ListedRule,
  LiveDelta,
  MessageReply,
  Page,
  PersonId,
  PolicyRules,
  PolicySimulation,
  Recording,
  ResumeAllReply,
  Run,
  RunExplanation,
  RunList,
  SearchQuery,
  SearchResult,
  Secret,
  SecretList,
  SessionId,
  SessionsClosed,
  SimulatePolicy,
  StartRun,
  Status,
  StepList,
  StopAllReply,
  Task,
  TaskList,
  TaskStarted,
  Thread,
  ThreadList,
  ToolCallList,
  UsageQuery,
  UsageReport,
} from "@bureau/protocol";
import type { KnownCaller } from "./commands/recognize-caller.ts";
import type { SessionHolder, SessionOpened } from "./commands/sessions.ts";
import type { Decider } from "./domain/decider.ts";
import type { LinksApi, PeopleApi } from "./people-api.ts";
import type { InboxView } from "./queries/inbox.ts";

/**
 * Everything that can be asked of a running engine.
 *
 * Contract: every failure that a caller caused is an `AppError`; anything else is a fault of ours. Commands are
 * committed when their promise resolves, and asking twice for a state that is already there succeeds.
 *
 * `agent`, `goal` and the like are ids, or names where the thing has a name.
 */
export interface EngineApi
  extends
    AgentsApi,
    GoalsApi,
    WorkApi,
    RunsApi,
    InboxApi,
    EffectsApi,
    PolicyApi,
    SecretsApi,
    ConnectorsApi,
    StateApi,
    EventsApi,
    AccessApi,
    LinksApi,
    InsightApi {}

/** Who decided: their name is kept with the decision, their scope says what they may decide. */
export interface DecidedBy {
  by: Decider;
}

export interface AgentsApi {
  listAgents(query: ListAgents): Promise<AgentList>;
  getAgent(agent: string): Promise<Agent>;
  /** Takes up a folder that is there. Adding the same folder again returns the same agent. */
  addAgent(input: AddAgent): Promise<Agent>;
  /** Makes the folder `agents/<name>` and takes it up. */
  createAgent(input: CreateAgent): Promise<Agent>;
  pauseAgent(agent: string): Promise<Agent>;
  resumeAgent(agent: string): Promise<Agent>;
}

export interface GoalsApi {
  listGoals(query: ListGoals): Promise<GoalList>;
  getGoal(goal: string): Promise<Goal>;
  /** The goal's file as it is on the disk; written from what is known of the goal where there is none. */
  getGoalText(goal: string): Promise<GoalText>;
  createGoal(input: CreateGoal): Promise<Goal>;
  editGoal(goal: string, input: EditGoal): Promise<Goal>;
  pauseGoal(goal: string): Promise<Goal>;
  resumeGoal(goal: string): Promise<Goal>;
  stopGoal(goal: string): Promise<Goal>;
  /** Has the runtime run the goal's checks now; resolves when that is queued. */
  checkGoal(goal: string): Promise<CheckStarted>;
  /** Newest first. */
  listEvidence(goal: string, page: Page): Promise<EvidenceList>;
}

export interface WorkApi {
  listTasks(query: ListTasks): Promise<TaskList>;
  getTask(task: string): Promise<Task>;
  createTask(input: CreateTask): Promise<TaskStarted>;
  cancelTask(task: string): Promise<Task>;
  listThreads(query: ListThreads): Promise<ThreadList>;
  getThread(thread: string): Promise<Thread>;
  /** Items with a position after `after`, oldest first, or before `before`, newest first. */
  listItems(thread: string, query: AfterOrBefore): Promise<ItemList>;
  /** Steers the thread's open run, or starts one. */
  postMessage(thread: string, text: string, by?: Decider): Promise<MessageReply>;
}

export interface RunsApi {
  startRun(input: StartRun): Promise<Run>;
  /** Newest first. */
  listRuns(query: ListRuns): Promise<RunList>;
  getRun(run: string): Promise<Run>;
  /** Steps with a number after `after`, in order. */
  listSteps(run: string, query: After): Promise<StepList>;
  /** Calls in the order they were asked for; `after` counts calls from 1. */
  listToolCalls(run: string, query: After): Promise<ToolCallList>;
  cancelRun(run: string): Promise<Run>;
  steerRun(run: string, text: string, by?: Decider): Promise<Run>;
  /** The file that a rehearsal replays the run's model answers from, line by line. */
  exportRecording(run: string): Promise<Recording>;
}

export interface InboxApi {
  /** Pending entries are ranked: the first needs a person most. */
  listInbox(query: ListInbox, view?: InboxView): Promise<InboxList>;
  getInboxEntry(entry: string): Promise<InboxEntry>;
  decideInboxEntry(entry: string, input: Decision & DecidedBy): Promise<InboxEntry>;
  editInboxEntry(entry: string, input: EditApproval & DecidedBy): Promise<InboxEntry>;
  answerInboxEntry(entry: string, input: Answer & DecidedBy): Promise<InboxEntry>;
  /** Decides several entries by one reply in words. One that fails does not stop the others. */
  replyToInbox(input: InboxReply & DecidedBy): Promise<InboxReplyResult>;
}

export interface EffectsApi {
  /** What was done outside, newest first. */
  listEffects(query: ListEffects): Promise<EffectList>;
  getEffect(effect: string): Promise<Effect>;
  /** Stops it while it can be stopped, or takes it back where its tool has an inverse. */
  undoEffect(effect: string, by: DecidedBy): Promise<Effect>;
  /** Asks the provider about an effect of which nobody can tell. */
  reconcileEffect(effect: string): Promise<Effect>;
}

export interface PolicyApi {
  listPolicyRules(): Promise<PolicyRules>;
  /** The same rule again is the one that is there. */
  addPolicyRule(input: AddPolicyRule & DecidedBy): Promise<ListedRule>;
  removePolicyRule(rule: string): Promise<void>;
  /** What would happen to a call. Runs nothing. */
  simulatePolicy(input: SimulatePolicy): Promise<PolicySimulation>;
}

/** Secrets can be set and never read: there is no way to a value. */
export interface SecretsApi {
  listSecrets(): Promise<SecretList>;
  /** Sets a new secret, or another value of one that is there. */
  setSecret(name: string, value: string): Promise<Secret>;
  removeSecret(name: string): Promise<void>;
}

export interface ConnectorsApi {
  /** Every server with its health; those that were not needed yet are connected to. */
  listConnectors(): Promise<ConnectorList>;
}

export interface StateApi {
  /** Stops everything. Nothing begins after it resolved, but what `ending` counts may still be put down. */
  stopAll(input: DecidedBy): Promise<StopAllReply>;
  /** Lifts the stop of everything. */
  resumeAll(): Promise<ResumeAllReply>;
  hey(view?: InboxView): Promise<Hey>;
  usage(query: UsageQuery): Promise<UsageReport>;
  /** The program's version is added by whoever serves it. */
  status(): Promise<Omit<Status, "version">>;
  doctor(): Promise<DoctorReport>;
  /** Rejects when the engine cannot work now: the database is away, or it is stopping. */
  ready(): Promise<void>;
}

export interface EventsApi {
  /** Stored events after a sequence number, in order, at most `limit`. */
  eventsAfter(seq: number, limit: number): Promise<BureauEvent[]>;
  lastSequence(): Promise<number>;
  /**
   * Calls back with each batch of events once it is committed, in order. A batch may be missed after the
   * database was away, so a listener that finds a gap reads it with `eventsAfter`. Must not throw.
   */
  onEvents(listener: (events: readonly BureauEvent[]) => void): () => void;
  /** Calls back with each live piece; nothing is kept. Must not throw. */
  onDelta(listener: (delta: LiveDelta) => void): () => void;
}

/** Who may ask for anything besides the holder of the owner's token. */
export interface AccessApi extends PeopleApi {
  addDevice(input: AddDevice & { personId: PersonId; by: string }): Promise<DeviceAdded>;
  /** With `of`, only that person's. */
  listDevices(query: ListDevices & { of: PersonId | null }): Promise<DeviceList>;
  revokeDevice(device: string, who: { by: string; asker: PersonId; of: PersonId | null }): Promise<Device>;
  openSession(holder: SessionHolder): Promise<SessionOpened>;
  closeSession(session: SessionId): Promise<void>;
  closeSessions(): Promise<SessionsClosed>;
  /** The device that has the token; null when none has, or it may not ask any more. */
  callerOfToken(token: string): Promise<KnownCaller | null>;
  /** Whose session has the cookie; null as above. The owner's holds only with the key it was opened with. */
  callerOfSession(secret: string, ownerKey: string): Promise<KnownCaller | null>;
  /** Those of the ids that may still ask. */
  stillAllowed(ids: {
    devices: readonly DeviceId[];
    sessions: readonly SessionId[];
  }): Promise<Set<DeviceId | SessionId>>;
}

/** Looking through, explaining and preparing. Changes no work. */
export interface InsightApi {
  /** What fits the words, the best first; catches up with what happened for a bounded while. */
  search(query: SearchQuery): Promise<SearchResult>;
  /** The run in a paragraph, and its steps after a number in a sentence each. */
  explainRun(run: string, query: After): Promise<RunExplanation>;
  /** What happened, newest first, in sentences. */
  listActivity(query: ListActivity): Promise<ActivityList>;
  /** Stored events of one run, thread or goal, in order. */
  eventHistory(query: EventHistoryQuery): Promise<EventHistory>;
  /** Questions or a draft. Nothing is created; model calls are counted under the caps. */
  composeGoal(input: ComposeGoal): Promise<GoalComposed>;
  composeAgent(input: ComposeAgent): Promise<AgentComposed>;
  agentAbilities(agent: string): Promise<AgentAbilities>;
  agentContext(agent: string): Promise<AgentContextFiles>;
  agentSkills(agent: string): Promise<AgentSkills>;
  agentMemory(agent: string): Promise<AgentMemory>;
}
