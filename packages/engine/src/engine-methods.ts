import { AppError, type CapUse, type PolicyRule, type Status } from "@bureau/protocol";
import { createAccess, createPasskeys } from "./access.ts";
import { artifactMethods } from "./artifact-methods.ts";
import { localDay } from "./clock.ts";
import * as agentCommands from "./commands/add-agent.ts";
import { answerInboxEntry } from "./commands/answer-question.ts";
import { cancelRun } from "./commands/cancel-run.ts";
import { checkGoal } from "./commands/check-goal.ts";
import { createGoal } from "./commands/create-goal.ts";
import { cancelTask } from "./commands/cancel-task.ts";
import { createTask } from "./commands/create-task.ts";
import { decideInboxEntry } from "./commands/decide-entry.ts";
import { editInboxEntry } from "./commands/edit-approval.ts";
import { editGoal } from "./commands/edit-goal.ts";
import type { CommandParts } from "./commands/parts.ts";
import { pauseAgent, resumeAgent } from "./commands/pause-agent.ts";
import { pauseGoal } from "./commands/pause-goal.ts";
import { addPolicyRule, removePolicyRule } from "./commands/policy-rules.ts";
import { replyToInbox } from "./commands/reply-to-inbox.ts";
import { resumeAll } from "./commands/resume-all.ts";
import { resumeGoal } from "./commands/resume-goal.ts";
import { postMessage, startRun } from "./commands/start-run.ts";
import { steerRun } from "./commands/steer-run.ts";
import { stopAll } from "./commands/stop-all.ts";
import { stopGoal } from "./commands/stop-goal.ts";
import { uploadFile, withAttachments } from "./commands/upload-file.ts";
import type { Connectors } from "./connectors/connector.ts";
import { textOfDecider } from "./domain/decider.ts";
import { examine } from "./doctor.ts";
import type { AccessApi, EngineApi, InsightApi, PasskeysApi, PolicyApi, PushApi, SecretsApi } from "./engine-api.ts";
import { exportRecording } from "./loop/export-recording.ts";
import { linksApi } from "./links-methods.ts";
import { createInsight } from "./insight.ts";
import type { Live } from "./loop/live.ts";
import { artifactParts } from "./loop/publish.ts";
import { reconcileEffect, undoEffect } from "./loop/undo-effect.ts";
import type { LoopParts } from "./loop/parts.ts";
import type { Models } from "./models/model.ts";
import { getAgent, listAgents } from "./queries/agents.ts";
import { getEffect, listEffects } from "./queries/effects.ts";
import { countAll } from "./queries/counts.ts";
import { getGoalText } from "./commands/goal-text.ts";
import { getGoal, listEvidence, listGoals } from "./queries/goals.ts";
import { getInboxEntry, hey, listInbox } from "./queries/inbox.ts";
import { listRules } from "./queries/policy.ts";
import { getRun, listRuns, listSteps, listToolCalls } from "./queries/runs.ts";
import { simulatePolicy } from "./queries/simulate-policy.ts";
import { getTask, listTasks } from "./queries/tasks.ts";
import { getThread, listItems, listThreads } from "./queries/threads.ts";
import { capUse, usage } from "./queries/usage.ts";
import { listSecrets, removeSecret, setSecret } from "./commands/secrets.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import { eventsAfter, lastSequence } from "./store/events.ts";
import { readHalt } from "./store/halt.ts";
import type { Tool } from "./tools/tool.ts";
import type { SecretStore } from "./vault/open-vault.ts";

export interface MethodParts {
  commands: CommandParts;
  live: Live;
  models: Models;
  sandbox: Sandbox;
  vault: SecretStore | null;
  connectors: Connectors;
  push: PushApi;
  parts: LoopParts;
  tools: readonly Tool[];
  /** The rules of `bureau.yaml`. */
  policy: readonly PolicyRule[];
  isStopping: () => boolean;
}

/** Each use case by its name. Nothing is decided here. */
export function engineApi(given: MethodParts): EngineApi {
  const { commands, live, models, sandbox, vault, connectors, parts, isStopping } = given;
  const { database } = commands;
  return {
    listAgents: (query) => listAgents(database, query),
    getAgent: (agent) => getAgent(database, agent),
    addAgent: (input) => agentCommands.addAgent(commands, input),
    createAgent: (input) => agentCommands.createAgent(commands, input),
    pauseAgent: (agent) => pauseAgent(commands, agent),
    resumeAgent: (agent) => resumeAgent(commands, agent),
    listGoals: (query) => listGoals(database, query),
    getGoal: (goal) => getGoal(database, goal),
    getGoalText: (goal) => getGoalText(commands, goal),
    editGoal: (goal, input) => editGoal(commands, goal, input),
    pauseGoal: (goal) => pauseGoal(commands, goal),
    resumeGoal: (goal) => resumeGoal(commands, goal),
    stopGoal: (goal) => stopGoal(commands, goal),
    checkGoal: (goal) => checkGoal(commands, goal),
    listEvidence: (goal, page) => listEvidence(database, goal, page),
    listTasks: (query) => listTasks(database, query),
    getTask: (task) => getTask(database, task),
    createTask: (input) => createTask(commands, input),
    cancelTask: (task) => cancelTask(commands, task),
    listThreads: (query) => listThreads(database, query),
    getThread: (thread) => getThread(database, thread),
    listItems: (thread, query) => listItems(database, thread, query),
    startRun: (input) => startRun(commands, input),
    listRuns: (query) => listRuns(database, query),
    getRun: (run) => getRun(database, run),
    listSteps: (run, query) => listSteps(database, run, query),
    listToolCalls: (run, query) => listToolCalls(database, run, query),
    cancelRun: (run) => cancelRun(commands, run),
    steerRun: (run, text, by) => steerRun(commands, run, text, { by }),
    exportRecording: (run) => exportRecording(parts, run),
    listInbox: (query, view) => listInbox(database, query, view),
    getInboxEntry: (entry) => getInboxEntry(database, entry),
    decideInboxEntry: (entry, input) => decideInboxEntry(commands, entry, input),
    editInboxEntry: async (entry, input) => {
      await connectAgent(commands, connectors, entry);
      return await editInboxEntry(commands, entry, input);
    },
    answerInboxEntry: (entry, input) => answerInboxEntry(commands, entry, input),
    replyToInbox: (input) => replyToInbox(commands, input),
    listEffects: (query) => listEffects(database, query),
    getEffect: (effect) => getEffect(database, effect),
    undoEffect: (effect, { by }) => undoEffect(parts, commands, effect, textOfDecider(by)),
    reconcileEffect: (effect) => reconcileEffect(parts, commands, effect),
    ...artifactMethods(commands, artifactParts(parts)),
    stopAll: ({ by }) => stopAll(commands, textOfDecider(by)),
    resumeAll: () => resumeAll(commands),
    ...policyMethods(given),
    hey: (view) => hey(database, view),
    usage: async (query) => ({ ...(await usage(database, query)), caps: await capsInUse(database, parts) }),
    status: () => statusOf(commands, models),
    doctor: () => examine({ database, models, sandbox, vault, connectors, workspace: commands.workspace.folder }),
    ready: async () => {
      if (isStopping()) throw new AppError("unavailable", "Bureau is stopping.");
      await database.query("SELECT 1");
    },
    listConnectors: () => connectors.list(),
    eventsAfter: (seq, limit) => eventsAfter(database, seq, limit),
    lastSequence: () => lastSequence(database),
    onEvents: (listener) => live.onEvents(listener),
    ...doorMethods(given),
    ...fileMethods(commands, parts),
    ...linksApi(commands),
    ...insightOf(given),
    onDelta: (listener) => live.onDelta(listener),
  };
}

function policyMethods({ commands, parts, tools, vault, sandbox, policy }: MethodParts): PolicyApi & SecretsApi {
  const { database, workspace } = commands;
  const { folder } = workspace;
  return {
    listPolicyRules: () => listRules(database, policy),
    addPolicyRule: ({ by, ...input }) => addPolicyRule(commands, { ...input, by: textOfDecider(by) }),
    removePolicyRule: (rule) => removePolicyRule(commands, rule),
    listSecrets: () => listSecrets(vault, folder),
    setSecret: (name, value) => setSecret(vault, folder, { name, value }),
    removeSecret: (name) => removeSecret(vault, name),
    simulatePolicy: (input) =>
      simulatePolicy(
        { database, settings: policy, tools: tools, connectedTools: parts.connectedTools, sandbox },
        input,
      ),
  };
}

/** Who may ask, and who is told. */
function doorMethods({ commands, push }: MethodParts): AccessApi & PasskeysApi & PushApi {
  return { ...createAccess(commands), ...createPasskeys(commands), ...push };
}

/** What takes files, or tells an agent of them. */
function fileMethods(
  commands: CommandParts,
  { blobs, policy }: LoopParts,
): Pick<EngineApi, "createGoal" | "postMessage" | "uploadFile"> {
  const uploads = { commands, blobs, onLabels: () => policy(true) };
  return {
    createGoal: (input) => withAttachments(uploads, () => createGoal(commands, input)),
    postMessage: (thread, { text, attachments }, by) =>
      withAttachments(uploads, () => postMessage(commands, thread, text, { by, attachments })),
    uploadFile: (input) => uploadFile(uploads, input),
  };
}

function insightOf({ commands, parts, tools, policy }: MethodParts): InsightApi {
  const { database, workspace } = commands;
  return createInsight({
    database,
    parts,
    workspace: workspace.folder,
    tools,
    policy,
    caps: () => capsInUse(database, parts),
  });
}

async function capsInUse(database: CommandParts["database"], { caps, clock }: LoopParts): Promise<CapUse[]> {
  const current = (await caps?.reload()) ?? null;
  return current === null ? [] : await capUse(database, current, localDay(clock.now()));
}

/** Changed arguments are checked by the tool, which may be one of a server that nobody has needed since the start. */
async function connectAgent({ database }: CommandParts, connectors: Connectors, entryId: string): Promise<void> {
  const { agentId } = await getInboxEntry(database, entryId);
  if (agentId !== null) await connectors.toolsFor(await getAgent(database, agentId));
}

async function statusOf({ database, workspace }: CommandParts, models: Models): Promise<Omit<Status, "version">> {
  const [counts, lastSeq, halted] = await Promise.all([countAll(database), lastSequence(database), readHalt(database)]);
  const model = defaultModel(models);
  const work =
    counts.runsRunning + counts.runsQueued > 0
      ? `${counts.runsRunning} runs at work, ${counts.runsQueued} queued.`
      : counts.inboxPending > 0
        ? `Idle; ${counts.inboxPending} entries wait for a person.`
        : "Idle.";
  const said = models.rehearsal ? "This is a rehearsal: the model's words were written beforehand. " : "";
  const sentence = halted ? `Everything is stopped, by ${halted.by}. Nothing begins until it is resumed.` : said + work;
  return { workspace: workspace.folder, model, rehearsal: models.rehearsal, sentence, halted, counts, lastSeq };
}

function defaultModel(models: Models): string | null {
  try {
    return models.chain("default")[0] ?? null;
  } catch {
    return null;
  }
}
