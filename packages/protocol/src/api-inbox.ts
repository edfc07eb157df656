import { Answer, Decision, EditApproval, HeyQuery, InboxReply, ListInbox, ListInboxKind } from "./api-inputs.ts";
import { ApprovalList, Hey, InboxList, InboxReplyResult, QuestionList } from "./api-replies.ts";
import { endpoint } from "./endpoint.ts";
import { InboxEntry } from "./inbox.ts";

export const inboxApi = {
  hey: endpoint("GET", "/api/hey", {
    summary: "What needs a person now, ranked, with counts",
    group: "inbox",
    query: HeyQuery,
    reply: Hey,
  }),
  listInbox: endpoint("GET", "/api/inbox", {
    summary: "Decisions, pending ones by default, the most pressing first or the latest first",
    group: "inbox",
    query: ListInbox,
    reply: InboxList,
    errors: ["not_found"],
  }),
  replyToInbox: endpoint("POST", "/api/inbox/reply", {
    summary: "Decide or assign several entries of a shown list by one reply in words",
    group: "inbox",
    scope: "inbox",
    body: InboxReply,
    reply: InboxReplyResult,
  }),
  getInboxEntry: endpoint("GET", "/api/inbox/:entryId", {
    summary: "One entry, whole",
    group: "inbox",
    reply: InboxEntry,
    errors: ["not_found"],
  }),
  decideInboxEntry: endpoint("POST", "/api/inbox/:entryId/decision", {
    summary: "Approve, deny or dismiss, once or as a rule; the same decision again is no error",
    group: "inbox",
    scope: "inbox",
    body: Decision,
    reply: InboxEntry,
    errors: ["not_found", "conflict"],
  }),
  editInboxEntry: endpoint("PATCH", "/api/inbox/:entryId", {
    summary: "Change the arguments of the call that waits for approval",
    group: "inbox",
    body: EditApproval,
    reply: InboxEntry,
    errors: ["not_found", "conflict"],
  }),
  answerInboxEntry: endpoint("POST", "/api/inbox/:entryId/answer", {
    summary: "Answer a question",
    group: "inbox",
    scope: "inbox",
    body: Answer,
    reply: InboxEntry,
    errors: ["not_found", "conflict"],
  }),
  listApprovals: endpoint("GET", "/api/approvals", {
    summary: "Tool calls that wait for a person, or did",
    group: "approvals",
    query: ListInboxKind,
    reply: ApprovalList,
    errors: ["not_found"],
  }),
  decideApproval: endpoint("POST", "/api/approvals/:approvalId/decision", {
    summary: "Approve or deny one tool call",
    group: "approvals",
    scope: "inbox",
    body: Decision,
    reply: InboxEntry,
    errors: ["not_found", "conflict"],
  }),
  listQuestions: endpoint("GET", "/api/questions", {
    summary: "Questions that agents ask, or asked",
    group: "questions",
    query: ListInboxKind,
    reply: QuestionList,
    errors: ["not_found"],
  }),
  answerQuestion: endpoint("POST", "/api/questions/:questionId/answer", {
    summary: "Answer a question in words or by the number of a choice",
    group: "questions",
    scope: "inbox",
    body: Answer,
    reply: InboxEntry,
    errors: ["not_found", "conflict"],
  }),
};
