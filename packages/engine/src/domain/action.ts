import type { ContentSource, ToolEffect } from "@bureau/protocol";

/** Whether content was written by people and agents of the workspace, or by others and so may hold their instructions. */
export type Trust = "trusted" | "untrusted";

/** Where content came from, as a person would name it: `mail from bob@example.org`, `https://example.org/`. */
export type Source = ContentSource;

/** One call as policy, the ledger and a person look at it. Made by `actionOf` from a tool and checked arguments. */
export interface Action {
  tool: string;
  /** What rules and the ledger call it: `mail.send`; the tool's name where it declares none. */
  kind: string;
  effect: ToolEffect;
  /** Of a write outside: an inverse exists. */
  reversible: boolean;
  /** Who or what it goes to: addresses, hosts, ids, channels. Empty when the tool says none. */
  targets: string[];
  /** All other values of the arguments that mean something outside, as text. */
  content: string[];
  /** A read whose arguments leave the workspace: an address that is fetched, words that are searched for outside. */
  carriesOut: boolean;
  /** Paths outside the agent's folder that a read opens, such as files of a connected server. */
  reaches: string[];
  /** One line for a person. */
  title: string;
}

/** What a tool says of one call beyond its effect; see `Action`. */
export interface ActionDetails {
  targets?: string[];
  content?: string[];
  carriesOut?: boolean;
  reaches?: string[];
  title?: string;
}
