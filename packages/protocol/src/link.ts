import { z } from "zod";
import type { LinkId, ThreadId } from "./ids.ts";
import { INBOX_STATUSES } from "./inbox.ts";
import { Address } from "./person.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string");

/** `decision`: one entry of the inbox, once. `interview`: what an agent asks in one thread, one question at a time. */
export const LINK_KINDS = ["decision", "interview"] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

export const LINK_STATUSES = ["open", "used", "expired", "revoked"] as const;
export type LinkStatus = (typeof LINK_STATUSES)[number];

/** Through it somebody without an account is asked for one decision or interviewed, and nothing else. */
export const Link = z.object({
  id: id<LinkId>(),
  kind: z.enum(LINK_KINDS),
  status: z.enum(LINK_STATUSES),
  /** Whoever it is for; they decide as `NAME (by link)`. */
  name: z.string(),
  /** The entry to be decided or answered. */
  entryId: z.string().nullable(),
  /** The thread of the interview. */
  threadId: id<ThreadId>().nullable(),
  createdBy: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
});
export type Link = z.infer<typeof Link>;

/** The only time that the secret is told. */
export const LinkMade = z.object({ link: Link, secret: z.string(), url: z.string(), address: Address });
export type LinkMade = z.infer<typeof LinkMade>;

/** What a guest with a link is shown: the one thing that they are asked, as it will be done. */
export const GuestView = z.object({
  /** The guest's own name, as it will stand beside the decision. */
  name: z.string(),
  kind: z.enum(LINK_KINDS),
  /** Null: nothing is asked now. */
  asked: z
    .object({
      /** Stands for exactly this. What is decided must name it; when it changes, it is a new one. */
      ref: z.string(),
      what: z.enum(["approval", "question", "sign_off"]),
      title: z.string(),
      /** Of a sign-off: what done looks like. */
      text: z.string().nullable(),
      /** What is done on a yes: which tool, to whom, with what. Null for what is no call. */
      action: z
        .object({ tool: z.string(), targets: z.array(z.string()), arguments: z.unknown(), reversible: z.boolean() })
        .nullable(),
      choices: z.array(z.string()),
      /** When nobody can decide it any more. */
      expiresAt: z.string().nullable(),
    })
    .nullable(),
  /** What came of the one decision; null while it is open, and for an interview. */
  decided: z.enum(INBOX_STATUSES).nullable(),
  /** When the link ends. */
  expiresAt: z.string(),
});
export type GuestView = z.infer<typeof GuestView>;
