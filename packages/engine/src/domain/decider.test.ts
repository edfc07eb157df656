import { INBOX_KINDS } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { type Decider, type Deciding, mayDecide, nameByLink } from "./decider.ts";

const ACTS: Deciding["what"][] = ["approve", "deny", "dismiss", "answer", "edit", "assign"];
const anEntry = (kind: (typeof INBOX_KINDS)[number], assignee: string | null = null) => ({
  kind,
  assignee,
  title: "Send it",
});
const phone: Decider = { name: "owner", scope: "inbox", role: "owner", device: "phone" };
const ROLES = ["owner", "member", "guest", "link"] as const;

describe("mayDecide", () => {
  test("lets the owner do everything, and a reader nothing", () => {
    for (const kind of INBOX_KINDS) {
      for (const what of ACTS) {
        for (const scope of ["once", "run", "goal", "rule"] as const) {
          const entry = anEntry(kind, "somebody else");
          expect(mayDecide(entry, { ...phone, name: "owner", scope: "full" }, { what, scope }).ok).toBe(true);
          expect(mayDecide(entry, { ...phone, name: "screen", scope: "read" }, { what, scope }).ok).toBe(false);
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
    const by = { ...phone, scope: "owner" as Decider["scope"] };
    for (const role of ["owner", "member"] as const)
      expect(mayDecide(anEntry("approval"), { ...by, role }, { what: "deny" }).ok).toBe(false);
  });

  test("lets a member do the work of the day: what is theirs or nobody's, and no rule", () => {
    const ana: Decider = { name: "Ana", scope: "full", role: "member", device: "Phone" };
    for (const kind of INBOX_KINDS) {
      for (const what of ACTS) {
        expect(mayDecide(anEntry(kind), ana, { what, scope: "goal" }).ok).toBe(true);
        expect(mayDecide(anEntry(kind, "ana"), ana, { what }).ok).toBe(true);
        expect(mayDecide(anEntry(kind, "Ben"), ana, { what }).ok).toBe(false);
        expect(mayDecide(anEntry(kind), ana, { what, scope: "rule" }).ok).toBe(false);
      }
    }
  });

  test("lets a guest approve, deny and answer what was given to them, once, and nothing else", () => {
    const bo: Decider = { name: "Bo", scope: "full", role: "guest", device: null };
    for (const kind of INBOX_KINDS) {
      for (const what of ACTS) {
        const isTheirs =
          ["approval", "question", "sign_off"].includes(kind) && ["approve", "deny", "answer"].includes(what);
        expect([kind, what, mayDecide(anEntry(kind, "bo"), bo, { what }).ok]).toEqual([kind, what, isTheirs]);
        expect(mayDecide(anEntry(kind), bo, { what }).ok).toBe(false);
        expect(mayDecide(anEntry(kind, "Ana"), bo, { what }).ok).toBe(false);
      }
    }
  });

  test("lets nobody but members and the owner decide further than once, nor edit or give away", () => {
    for (const role of ROLES.filter((one) => one === "guest" || one === "link")) {
      const by: Decider = { name: "Bo", scope: "full", role, device: null };
      for (const scope of ["run", "goal", "rule"] as const)
        expect(mayDecide(anEntry("approval", "Bo"), by, { what: "approve", scope }).ok).toBe(false);
      for (const what of ["edit", "assign", "dismiss"] as const)
        expect(mayDecide(anEntry("approval", "Bo"), by, { what }).ok).toBe(false);
    }
  });

  test("leaves what somebody is asked by a link to those who are here as well, and to no guest", () => {
    const entry = anEntry("approval", nameByLink("Bo"));
    expect(mayDecide(entry, { ...phone, role: "member", name: "Ana" }, { what: "deny" }).ok).toBe(true);
    expect(mayDecide(entry, { ...phone, role: "guest", name: "Bo" }, { what: "deny" }).ok).toBe(false);
  });
});
