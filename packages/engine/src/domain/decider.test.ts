import { INBOX_KINDS } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { type Decider, type Deciding, mayDecide } from "./decider.ts";

const ACTS: Deciding["what"][] = ["approve", "deny", "dismiss", "answer", "edit", "assign"];
const anEntry = (kind: (typeof INBOX_KINDS)[number], assignee: string | null = null) => ({
  kind,
  assignee,
  title: "Send it",
});
const phone: Decider = { name: "phone", scope: "inbox" };

describe("mayDecide", () => {
  test("lets the owner do everything, and a reader nothing", () => {
    for (const kind of INBOX_KINDS) {
      for (const what of ACTS) {
        for (const scope of ["once", "run", "goal", "rule"] as const) {
          const entry = anEntry(kind, "somebody else");
          expect(mayDecide(entry, { name: "owner", scope: "full" }, { what, scope }).ok).toBe(true);
          expect(mayDecide(entry, { name: "screen", scope: "read" }, { what, scope }).ok).toBe(false);
        }
      }
    }
  });

  test("lets the scope inbox decide approvals, questions and sign-offs, and nothing else", () => {
    const decided = INBOX_KINDS.filter((kind) => mayDecide(anEntry(kind), phone, { what: "approve" }).ok);
    expect(decided.toSorted()).toEqual(["approval", "question", "sign_off"]);
  });

  test("lets nobody but the owner make a rule that holds for good", () => {
    expect(mayDecide(anEntry("approval"), phone, { what: "approve", scope: "rule" })).toMatchObject({
      ok: false,
      message: expect.stringContaining("no rule"),
    });
    expect(mayDecide(anEntry("approval"), phone, { what: "approve", scope: "goal" }).ok).toBe(true);
  });

  test("keeps what is given to somebody for them and the owner", () => {
    expect(mayDecide(anEntry("approval", "Jörg"), { ...phone, name: "jo\u0308rg" }, { what: "deny" }).ok).toBe(true);
    expect(mayDecide(anEntry("approval", "ana"), phone, { what: "deny" })).toMatchObject({
      ok: false,
      message: expect.stringContaining("for ana to decide"),
    });
  });

  test("lets a scope that it does not know do nothing", () => {
    const by = { name: "x", scope: "owner" as Decider["scope"] };
    expect(mayDecide(anEntry("approval"), by, { what: "deny" }).ok).toBe(false);
  });
});
