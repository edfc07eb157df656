import type { InboxApi, InboxView, StateApi } from "@bureau/engine";
import type { Handlers, inboxApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { callerOf, deciderOf } from "../caller.ts";

export function inboxHandlers(engine: InboxApi & StateApi, now: () => number): Handlers<typeof inboxApi, AppContext> {
  return {
    hey: ({ query }, context) => engine.hey(viewOf(context, query.mine, now)),
    listInbox: ({ query }, context) => engine.listInbox(query, viewOf(context, query.mine, now)),
    replyToInbox: ({ body }, context) => engine.replyToInbox({ ...body, by: deciderOf(context) }),
    getInboxEntry: ({ params }) => engine.getInboxEntry(params.entryId),
    decideInboxEntry: ({ params, body }, context) =>
      engine.decideInboxEntry(params.entryId, { ...body, by: deciderOf(context) }),
    editInboxEntry: ({ params, body }, context) =>
      engine.editInboxEntry(params.entryId, { ...body, by: deciderOf(context) }),
    answerInboxEntry: ({ params, body }, context) =>
      engine.answerInboxEntry(params.entryId, { ...body, by: deciderOf(context) }),
    listApprovals: async ({ query }, context) => {
      const view = viewOf(context, query.mine, now);
      const { entries, nextCursor } = await engine.listInbox({ ...query, kind: ["approval"] }, view);
      return { approvals: entries, nextCursor };
    },
    decideApproval: ({ params, body }, context) =>
      engine.decideInboxEntry(params.approvalId, { ...body, by: deciderOf(context) }),
    listQuestions: async ({ query }, context) => {
      const view = viewOf(context, query.mine, now);
      const { entries, nextCursor } = await engine.listInbox({ ...query, kind: ["question"] }, view);
      return { questions: entries, nextCursor };
    },
    answerQuestion: ({ params, body }, context) =>
      engine.answerInboxEntry(params.questionId, { ...body, by: deciderOf(context) }),
  };
}

/** All of the inbox, or what is for the caller to decide; a guest never sees more than what was given to them. */
function viewOf(context: AppContext, mine: boolean | undefined, now: () => number): InboxView | undefined {
  const { person } = callerOf(context);
  if (person.role !== "guest" && mine !== true) return undefined;
  return { name: person.name, unassigned: person.role !== "guest", now: now() };
}
