import type { InboxApi, StateApi } from "@bureau/engine";
import type { Handlers, inboxApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";

/** There is one token, so whoever has it decides as the owner. */
export const OWNER = { name: "owner", scope: "full" } as const;

export function inboxHandlers(engine: InboxApi & StateApi): Handlers<typeof inboxApi, AppContext> {
  return {
    hey: () => engine.hey(),
    listInbox: ({ query }) => engine.listInbox(query),
    replyToInbox: ({ body }) => engine.replyToInbox({ ...body, by: OWNER }),
    getInboxEntry: ({ params }) => engine.getInboxEntry(params.entryId),
    decideInboxEntry: ({ params, body }) => engine.decideInboxEntry(params.entryId, { ...body, by: OWNER }),
    editInboxEntry: ({ params, body }) => engine.editInboxEntry(params.entryId, { ...body, by: OWNER }),
    answerInboxEntry: ({ params, body }) => engine.answerInboxEntry(params.entryId, { ...body, by: OWNER }),
    listApprovals: async ({ query }) => {
      const { entries, nextCursor } = await engine.listInbox({ ...query, kind: ["approval"] });
      return { approvals: entries, nextCursor };
    },
    decideApproval: ({ params, body }) => engine.decideInboxEntry(params.approvalId, { ...body, by: OWNER }),
    listQuestions: async ({ query }) => {
      const { entries, nextCursor } = await engine.listInbox({ ...query, kind: ["question"] });
      return { questions: entries, nextCursor };
    },
    answerQuestion: ({ params, body }) => engine.answerInboxEntry(params.questionId, { ...body, by: OWNER }),
  };
}
