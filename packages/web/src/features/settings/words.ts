import type { InboxKind, Role, Scope, Weekday } from "@bureau/protocol";

/** What a device may do, in a person's words. */
export const SCOPE_WORDS: Record<Scope, { name: string; means: string }> = {
  full: { name: "Everything", means: "All that you may do yourself." },
  inbox: { name: "Decide and answer", means: "Looks at everything, decides and answers what waits. Starts nothing." },
  read: { name: "Only look", means: "Sees what happens and changes nothing." },
};

export const ROLE_WORDS: Record<Role, { name: string; means: string }> = {
  owner: { name: "Owner", means: "May do everything." },
  member: { name: "Member", means: "Works with all goals and agents, and decides what is given to nobody or to them." },
  guest: { name: "Guest", means: "Sees what they were invited to, and decides what is given to them." },
};

/** What one can be told of. */
export const KIND_WORDS: Record<InboxKind, string> = {
  approval: "Something needs a yes or a no",
  question: "An agent has a question",
  sign_off: "Something is done and needs a look",
  unknown_effect: "It is not known whether something was done",
  budget: "A budget is used up",
  failed_run: "A run failed",
  sign_in: "A tool needs signing in",
  stopped: "Work stopped",
};

export const DAY_WORDS: Record<Weekday, string> = {
  monday: "Monday",
  tuesday: "Tuesday",
  wednesday: "Wednesday",
  thursday: "Thursday",
  friday: "Friday",
  saturday: "Saturday",
  sunday: "Sunday",
};
