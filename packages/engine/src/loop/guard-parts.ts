import type { Tool } from "../tools/tool.ts";
import { guardModels } from "../vault/guard-models.ts";
import { guardTool } from "../vault/guard-tools.ts";
import type { SecretGuard } from "../vault/secret-guard.ts";
import type { LoopParts } from "./parts.ts";

/** Each part: whether text comes in through it. A new part must be decided here, and guarded below if it is one. */
const BRINGS_TEXT = {
  reads: false,
  workspace: false,
  // Here the guard comes in: what is published is looked at with its eyes.
  secretIn: true,
  database: false,
  writer: false,
  blobs: false,
  clock: false,
  random: false,
  live: false,
  signals: false,
  dispatcher: false,
  continueGoal: false,
  executorId: false,
  models: true,
  // Commands are run by tools and checks, whose results are guarded.
  sandbox: false,
  limits: false,
  policy: false,
  caps: false,
  watch: false,
  approvals: false,
  onDue: false,
  tools: true,
  connectedTools: true,
  loadContext: true,
  folderDigest: false,
  runChecks: true,
  log: true,
} as const satisfies Record<keyof LoopParts, boolean>;

type Guarded = { [Part in keyof typeof BRINGS_TEXT]: (typeof BRINGS_TEXT)[Part] extends true ? Part : never };
type GuardedParts = Pick<LoopParts, Guarded[keyof Guarded]>;

/**
 * The parts of the loop through which text comes in from the world, with every known secret hidden in it.
 *
 * Whatever a run keeps or shows is made of what these give: items, calls, evidence, inbox entries, events, blobs and
 * prompts. So they hold no secret without being looked at one by one.
 */
export function guardParts(parts: LoopParts, guard: SecretGuard): LoopParts {
  const lists = new WeakMap<readonly Tool[], readonly Tool[]>();
  const known = new WeakMap<Tool, Tool>();
  const guarded = (tool: Tool): Tool => {
    const found = known.get(tool) ?? guardTool(tool, guard);
    known.set(tool, found);
    return found;
  };
  const guardedList = (list: readonly Tool[]): readonly Tool[] => {
    const found = lists.get(list) ?? list.map((tool) => guarded(tool));
    lists.set(list, found);
    return found;
  };
  const withoutSecrets: GuardedParts = {
    secretIn: (text) => guard.holds(text),
    models: guardModels(parts.models, guard),
    tools: (kind) => guardedList(parts.tools(kind)),
    connectedTools: async (agent) => {
      const { tools, notices } = await parts.connectedTools(agent);
      return { tools: guardedList(tools), notices: guard.redactData(notices) };
    },
    loadContext: async (folder) => {
      const context = await parts.loadContext(folder);
      return { ...context, text: guard.redact(context.text), notices: guard.redactData(context.notices) };
    },
    runChecks: async (checks, context) => guard.redactData(await parts.runChecks(checks, context)),
    log: (level, message) => parts.log(level, guard.redact(message)),
  };
  return { ...parts, ...withoutSecrets };
}
