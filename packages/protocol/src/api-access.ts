import type { Api } from "./api.ts";
import type { Role } from "./person.ts";

/**
 * Who may call an endpoint, apart from the scope of their device. `anyone`: also without a session or token. `guest`:
 * everybody of the workspace, each for what is theirs. `self`: the owner, and others where the path names themselves.
 * `goal`, `thread`, `entry`: members, and guests who were invited to that thing, or have that entry to decide.
 */
export const ACCESS = ["anyone", "guest", "self", "goal", "thread", "entry", "member", "owner"] as const;
export type Access = (typeof ACCESS)[number];

/** The one table of what each role may do. An endpoint that is not decided here does not compile. */
export const API_ACCESS: Record<keyof Api, Access> = {
  listAgents: "member",
  getAgent: "member",
  addAgent: "member",
  createAgent: "member",
  pauseAgent: "member",
  resumeAgent: "member",
  listConnectors: "member",
  listDevices: "guest",
  addDevice: "guest",
  revokeDevice: "guest",
  getSession: "guest",
  signIn: "anyone",
  signOut: "guest",
  closeSessions: "owner",
  listEffects: "member",
  getEffect: "member",
  undoEffect: "member",
  reconcileEffect: "member",
  listGoals: "member",
  createGoal: "member",
  getGoal: "goal",
  editGoal: "member",
  pauseGoal: "member",
  resumeGoal: "member",
  stopGoal: "member",
  checkGoal: "member",
  listEvidence: "goal",
  listGoalRuns: "member",
  hey: "member",
  listInbox: "guest",
  replyToInbox: "member",
  getInboxEntry: "entry",
  decideInboxEntry: "entry",
  editInboxEntry: "member",
  answerInboxEntry: "entry",
  listApprovals: "guest",
  decideApproval: "entry",
  listQuestions: "guest",
  answerQuestion: "entry",
  makeLink: "member",
  listLinks: "member",
  revokeLink: "member",
  lookByLink: "anyone",
  decideByLink: "anyone",
  answerByLink: "anyone",
  pair: "guest",
  getPairing: "guest",
  endPairing: "guest",
  redeemPairing: "anyone",
  listPeople: "member",
  getPerson: "self",
  removePerson: "owner",
  getPreferences: "self",
  changePreferences: "self",
  listInvitations: "owner",
  invite: "owner",
  revokeInvitation: "owner",
  acceptInvitation: "anyone",
  listPolicyRules: "member",
  addPolicyRule: "owner",
  removePolicyRule: "owner",
  simulatePolicy: "member",
  listRuns: "member",
  startRun: "member",
  getRun: "member",
  listSteps: "member",
  listToolCalls: "member",
  cancelRun: "member",
  steerRun: "member",
  getRecording: "member",
  listSecrets: "owner",
  setSecret: "owner",
  removeSecret: "owner",
  getStatus: "member",
  doctor: "member",
  getUsage: "member",
  // A stop is always safe; that work goes on again is for the owner to say.
  stopAll: "member",
  resumeAll: "owner",
  streamEvents: "member",
  listTasks: "member",
  createTask: "member",
  getTask: "member",
  cancelTask: "member",
  steerTask: "member",
  listThreads: "member",
  getThread: "thread",
  listItems: "thread",
  postMessage: "member",
};

/** Whether a role may call an endpoint at all; for a guest, what they ask about is looked at as well. */
export function roleMay(role: Role, access: Access): boolean {
  if (role === "owner") return true;
  if (access === "owner") return false;
  return role === "member" || access !== "member";
}
