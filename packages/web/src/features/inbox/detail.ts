import { type ContentSource, EVIDENCE_STATUSES, type EvidenceStatus, type InboxEntry } from "@bureau/protocol";
import { type ActionPreview, previewOf } from "../../lib/action-preview.ts";

/** The call that an entry is about. */
export interface ActionDetail {
  tool: string;
  kind: string;
  arguments: unknown;
  /** Whom it goes to, and what it opens. Rules are made for these. */
  targets: string[];
  reaches: string[];
  reason: string | null;
  summary: string;
  isOutside: boolean;
  isReversible: boolean;
  sources: ContentSource[];
  editedBy: string | null;
  preview: ActionPreview;
}

export interface FindingDetail {
  requirement: string;
  status: EvidenceStatus;
  detail: string;
  kind: string;
}

/** What the detail of an entry says, read carefully: each kind has its own, and older ones may say less. */
export interface EntryDetail {
  action: ActionDetail | null;
  assumption: string | null;
  requirement: string | null;
  done: string | null;
  evidence: FindingDetail[];
  /** Why a run stopped, from the list of the protocol. */
  failure: string | null;
  obstacle: string | null;
  /** What can be done about a cap. */
  toDo: string | null;
  /** Work that is paused until this is decided. */
  isHeld: boolean;
  /** Rules that the decision made, in words. */
  rules: string[];
}

export function detailOf(entry: Pick<InboxEntry, "detail">): EntryDetail {
  const detail = asRecord(entry.detail) ?? {};
  return {
    action: actionDetail(detail),
    assumption: asText(detail["assumption"]),
    requirement: asText(detail["requirement"]),
    done: asText(detail["done"]),
    evidence: asList(detail["evidence"]).flatMap(findingOf),
    failure: asText(detail["failure"]),
    obstacle: asText(detail["obstacle"]),
    toDo: asText(detail["toDo"]),
    isHeld: asRecord(detail["held"]) !== null,
    rules: asTexts(detail["rules"]),
  };
}

/** Details are never changed in place, so each is read once. */
const read = new WeakMap<object, EntryDetail>();

export function readDetail(entry: Pick<InboxEntry, "detail">): EntryDetail {
  if (typeof entry.detail !== "object" || entry.detail === null) return detailOf(entry);
  const known = read.get(entry.detail) ?? detailOf(entry);
  read.set(entry.detail, known);
  return known;
}

function actionDetail(detail: Readonly<Record<string, unknown>>): ActionDetail | null {
  const tool = asText(detail["tool"]);
  if (tool === null) return null;
  const kind = asText(detail["kind"]) ?? tool;
  const shown = { tool, kind, arguments: detail["arguments"] ?? {} };
  return {
    ...shown,
    targets: asTexts(detail["targets"]),
    reaches: asTexts(detail["reaches"]),
    reason: asText(detail["reason"]),
    summary: asText(detail["summary"]) ?? kind,
    isOutside: detail["effect"] === undefined || detail["effect"] === "write_outside",
    isReversible: detail["reversible"] === true,
    sources: asList(detail["sources"]).flatMap(sourceOf),
    editedBy: asText(detail["editedBy"]),
    preview: previewOf(shown),
  };
}

function sourceOf(value: unknown): ContentSource[] {
  const source = asRecord(value);
  const name = asText(source?.["name"]);
  return name === null ? [] : [{ name, tool: asText(source?.["tool"]) ?? "" }];
}

function findingOf(value: unknown): FindingDetail[] {
  const finding = asRecord(value);
  const requirement = asText(finding?.["requirement"]);
  if (requirement === null) return [];
  const status = EVIDENCE_STATUSES.find((one) => one === finding?.["status"]) ?? "unverified";
  return [{ requirement, status, detail: asText(finding?.["detail"]) ?? "", kind: asText(finding?.["kind"]) ?? "" }];
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function asTexts(value: unknown): string[] {
  return asList(value).flatMap((one) => asText(one) ?? []);
}

function asText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
