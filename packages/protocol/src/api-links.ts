import { z } from "zod";
import { Line, oneOrMany, Page, PlainName, Reference, storable } from "./api-inputs.ts";
import { BaseUrl, Span, Told } from "./api-people.ts";
import { endpoint } from "./endpoint.ts";
import { GuestView, Link, LINK_STATUSES, LinkMade } from "./link.ts";

/** A guest's words are bounded more than a person's: they come from outside. */
const MAX_NOTE_CHARACTERS = 2_000;
const MAX_ANSWER_CHARACTERS = 20_000;

/** Exactly one of `entryId` and `threadId`. */
export const MakeLink = z
  .strictObject({
    /** Whoever is asked: it stands beside what they decide. */
    name: PlainName,
    /** An approval, a question or a sign-off. */
    entryId: Reference.optional(),
    /** A thread whose agent asks questions: an interview. */
    threadId: Reference.optional(),
    /** Seven days where absent. */
    expiresInSeconds: Span.optional(),
    /** Begin of the link, in place of the address that the server finds itself. */
    url: BaseUrl.optional(),
  })
  .refine((link) => (link.entryId === undefined) !== (link.threadId === undefined), {
    message: "exactly one of entryId and threadId must be given",
  });
export type MakeLink = z.infer<typeof MakeLink>;

export const ListLinks = Page.extend({ status: oneOrMany(LINK_STATUSES).default(["open"]) });
export type ListLinks = z.infer<typeof ListLinks>;

export const LinkList = z.object({ links: z.array(Link), nextCursor: z.string().nullable() });
export type LinkList = z.infer<typeof LinkList>;

export const LookByLink = z.strictObject({ secret: Told });
export type LookByLink = z.infer<typeof LookByLink>;

/** Once, whatever else an approval could be given for. */
export const DecideByLink = z.strictObject({
  secret: Told,
  ref: Line,
  decision: z.enum(["approve", "deny"]),
  note: storable(MAX_NOTE_CHARACTERS).optional(),
});
export type DecideByLink = z.infer<typeof DecideByLink>;

export const AnswerByLink = z
  .strictObject({
    secret: Told,
    ref: Line,
    text: storable(MAX_ANSWER_CHARACTERS).optional(),
    choice: z.number().int().min(1).max(100).optional(),
  })
  .refine((answer) => (answer.text === undefined) !== (answer.choice === undefined), {
    message: "exactly one of text and choice must be given",
  });
export type AnswerByLink = z.infer<typeof AnswerByLink>;

export const linksApi = {
  makeLink: endpoint("POST", "/api/links", {
    summary: "Make a link by which somebody without an account decides one thing or is interviewed; told this once",
    group: "links",
    body: MakeLink,
    reply: LinkMade,
    errors: ["not_found", "conflict", "limit_reached"],
  }),
  listLinks: endpoint("GET", "/api/links", {
    summary: "Links to guests, open ones by default, newest first",
    group: "links",
    query: ListLinks,
    reply: LinkList,
  }),
  revokeLink: endpoint("DELETE", "/api/links/:link", {
    summary: "End a link; again is no error",
    group: "links",
    reply: Link,
    errors: ["not_found"],
  }),
  lookByLink: endpoint("POST", "/api/links/look", {
    summary: "The one thing that a link asks, as it will be done",
    group: "links",
    body: LookByLink,
    reply: GuestView,
    open: true,
    errors: ["unauthenticated"],
  }),
  decideByLink: endpoint("POST", "/api/links/decide", {
    summary: "Approve or deny, once, the one thing that a link asks",
    group: "links",
    body: DecideByLink,
    reply: GuestView,
    open: true,
    errors: ["unauthenticated", "conflict"],
  }),
  answerByLink: endpoint("POST", "/api/links/answer", {
    summary: "Answer the one question that a link asks; an interview goes on with the next",
    group: "links",
    body: AnswerByLink,
    reply: GuestView,
    open: true,
    errors: ["unauthenticated", "conflict"],
  }),
};
