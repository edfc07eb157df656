import type {
  ActivityList,
  AddAgent,
  AddDevice,
  AddPolicyRule,
  AddPushSubscription,
  After,
  AfterOrBefore,
  Agent,
  AgentAbilities,
  AgentComposed,
  AgentContextFiles,
  AgentFileList,
  AgentList,
  AgentMemory,
  AgentSkills,
  Answer,
  Artifact,
  ArtifactComment,
  ArtifactDetail,
  ArtifactDifference,
  ArtifactList,
  BureauEvent,
  CheckStarted,
  ComposeAgent,
  ComposeGoal,
  CommentArtifact,
  CommentReply,
  ConnectorList,
  ContextFile,
  CreateAgent,
  CreateGoal,
  CreateTask,
  Decision,
  Device,
  DeviceAdded,
  DeviceId,
  DeviceList,
  DifferenceQuery,
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
  ListArtifacts,
  ListDevices,
  ListGoals,
  ListInbox,
  ListRuns,
  ListTasks,
  ListThreads,
  ListedRule,
  LiveDelta,
  Message,
  MessageReply,
  Page,
  Passkey,
  PasskeyId,
  PersonId,
  PolicyRules,
  PolicySimulation,
  Preview,
  PushDecided,
  PushKey,
  PushStatus,
  PushSubscription,
  PushSubscriptionList,
  PushTested,
  Recording,
  ResumeAllReply,
  Run,
  RunExplanation,
  RunList,
  SearchQuery,
  SearchResult,
  SaveContextFile,
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
  Upload,
  UploadFile,
  UsageQuery,
  UsageReport,
} from "@bureau/protocol";
import type { FileBytes } from "./commands/look-at-artifact.ts";
import type { KnownPasskey, NewPasskey, PasskeyHolder } from "./commands/passkeys.ts";
import type { PushCaller } from "./commands/push-subscriptions.ts";
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
    ArtifactsApi,
    FilesApi,
    PolicyApi,
    SecretsApi,
    ConnectorsApi,
    StateApi,
    EventsApi,
    AccessApi,
    PasskeysApi,
    PushApi,
    UploadsApi,
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
  postMessage(thread: string, message: Message, by?: Decider): Promise<MessageReply>;
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

/** What runs have published. A change by hand of an artifact's plain file is taken up whenever it is looked at. */
export interface ArtifactsApi {
  listArtifacts(query: ListArtifacts): Promise<ArtifactList>;
  getArtifact(artifact: string): Promise<ArtifactDetail>;
  /** `version` is a number, or `newest`. */
  previewArtifact(artifact: string, version: string): Promise<Preview>;
  artifactContent(artifact: string, version: string): Promise<FileBytes>;
  diffArtifact(artifact: string, query: DifferenceQuery): Promise<ArtifactDifference>;
  commentArtifact(artifact: string, input: CommentArtifact & DecidedBy): Promise<CommentReply>;
  resolveComment(artifact: string, comment: string, by: DecidedBy): Promise<ArtifactComment>;
  reopenComment(artifact: string, comment: string, by: DecidedBy): Promise<ArtifactComment>;
  archiveArtifact(artifact: string): Promise<Artifact>;
  unarchiveArtifact(artifact: string): Promise<Artifact>;
}

/** Files of agents' folders, as far as a person may see them from afar. */
export interface FilesApi {
  listAgentFiles(agent: string, path: string): Promise<AgentFileList>;
  previewAgentFile(agent: string, path: string): Promise<Preview>;
  agentFileContent(agent: string, path: string): Promise<FileBytes>;
  getContextFile(agent: string, path: string): Promise<ContextFile>;
  /** Throws `conflict` when the file is not as the editor saw it. */
  saveContextFile(agent: string, input: SaveContextFile): Promise<ContextFile>;
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

/** What a challenge is for. */
export type ChallengeUse = { purpose: "register"; holder: PasskeyHolder } | { purpose: "sign_in" };

/** What is kept of passkeys. That a signature is right is checked by whoever asks for these. */
export interface PasskeysApi {
  /** Of one person, or of all. */
  listPasskeys(of: PersonId | null): Promise<Passkey[]>;
  addPasskey(passkey: NewPasskey): Promise<Passkey>;
  removePasskey(passkey: string, of: PersonId | null): Promise<void>;
  /** Keeps what is to be signed, for five minutes and one use. */
  addChallenge(challenge: string, use: ChallengeUse): Promise<void>;
  /** True once. */
  takeChallenge(challenge: string, use: ChallengeUse): Promise<boolean>;
  passkeysOf(holder: PasskeyHolder, host: string): Promise<{ credentialId: string; transports: string[] }[]>;
  findPasskey(credentialId: string, host: string): Promise<KnownPasskey | null>;
  /** False where it was used meanwhile. */
  passkeyUsed(passkey: PasskeyId, counter: number): Promise<boolean>;
}

export interface PushApi {
  getPush(): Promise<PushStatus>;
  getPushKey(): Promise<PushKey>;
  /** Everybody's own; for the owner all. */
  listPushSubscriptions(by: PushCaller): Promise<PushSubscriptionList>;
  addPushSubscription(input: AddPushSubscription & { by: PushCaller }): Promise<PushSubscription>;
  removePushSubscription(subscription: string, by: PushCaller): Promise<void>;
  testPush(input: { subscription?: string | undefined; by: PushCaller }): Promise<PushTested>;
  /** Decides what the token was made for, as the device that was pushed to, once. */
  decideByPush(token: string): Promise<PushDecided>;
}

export interface UploadsApi {
  uploadFile(input: UploadFile & { bytes: Uint8Array; type: string; by: string }): Promise<Upload>;
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
