import type { InboxApi, StateApi } from "@bureau/engine";
import type { Handlers, inboxApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { deciderOf } from "../caller.ts";

export function inboxHandlers(engine: InboxApi & StateApi): Handlers<typeof inboxApi, AppContext> {
  return {
    hey: () => engine.hey(),
    listInbox: ({ query }) => engine.listInbox(query),
    replyToInbox: ({ body }, context) => engine.replyToInbox({ ...body, by: deciderOf(context) }),
    getInboxEntry: ({ params }) => engine.getInboxEntry(params.entryId),
    decideInboxEntry: ({ params, body }, context) =>
      engine.decideInboxEntry(params.entryId, { ...body, by: deciderOf(context) }),
    editInboxEntry: ({ params, body }, context) =>
      engine.editInboxEntry(params.entryId, { ...body, by: deciderOf(context) }),
    answerInboxEntry: ({ params, body }, context) =>
      engine.answerInboxEntry(params.entryId, { ...body, by: deciderOf(context) }),
    listApprovals: async ({ query }) => {
      const { entries, nextCursor } = await engine.listInbox({ ...query, kind: ["approval"] });
      return { approvals: entries, nextCursor };
    },
    decideApproval: ({ params, body }, context) =>
      engine.decideInboxEntry(params.approvalId, { ...body, by: deciderOf(context) }),
    listQuestions: async ({ query }) => {
      const { entries, nextCursor } = await engine.listInbox({ ...query, kind: ["question"] });
      return { questions: entries, nextCursor };
    },
    answerQuestion: ({ params, body }, context) =>
      engine.answerInboxEntry(params.questionId, { ...body, by: deciderOf(context) }),
  };
}
