import { createECDH } from "node:crypto";
import {
  createGuardedAgent,
  type PushOutcome,
  type PushTransport,
  type SecretGuard,
  type SecretStore,
} from "@bureau/engine";
import { AppError } from "@bureau/protocol";

/** The secret by which push services know this Bureau. Made once; with another one every browser subscribes anew. */
export const PUSH_KEY_SECRET = "PUSH_VAPID_PRIVATE_KEY";
const MAX_REPLY_CHARACTERS = 200;
const HEADERS_MS = 10_000;
const MAX_RETRY_AFTER_MS = 24 * 60 * 60_000;
/** Nothing was sent when these happen, so it may be sent again. */
const NOT_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export interface PushTransportParts {
  vault: SecretStore;
  guard: Pick<SecretGuard, "redactData" | "redact">;
  /** `mailto:` or `https:`; null where the settings name none. */
  subject: string | null;
  allowHosts: readonly string[];
}

interface PushKeys {
  publicKey: string;
  privateKey: string;
}

/**
 * Encrypts and sends by Web Push (RFC 8030, 8188, 8291, 8292), to the public internet alone.
 *
 * The private key lies in the vault and nowhere else. A message that may have arrived is not sent again.
 */
export function createPushTransport(parts: PushTransportParts): PushTransport {
  const { subject, allowHosts } = parts;
  let agent: ReturnType<typeof createGuardedAgent> | null = null;
  return {
    subject,
    allowHosts,
    publicKey: async () => {
      if (subject === null) throw noSubject();
      return (await pushKeys(parts.vault)).publicKey;
    },
    async send(to, message, manner, signal) {
      try {
        if (subject === null) throw noSubject();
        const { default: webPush } = await import("web-push");
        const details = webPush.generateRequestDetails(to, JSON.stringify(parts.guard.redactData(message)), {
          vapidDetails: { subject, ...(await pushKeys(parts.vault)) },
          TTL: manner.ttlSeconds,
          urgency: manner.urgency,
          topic: manner.topic,
          contentEncoding: "aes128gcm",
        });
        agent ??= createGuardedAgent(allowHosts);
        const url = new URL(details.endpoint);
        const { statusCode, headers, body } = await (
          await agent
        ).request({
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: "POST",
          headers: Object.fromEntries(Object.entries(details.headers).map(([name, value]) => [name, String(value)])),
          body: details.body,
          headersTimeout: HEADERS_MS,
          bodyTimeout: HEADERS_MS,
          signal,
        });
        const text = await beginningOf(body);
        const wait = waitOf(headerText(headers["retry-after"]), headerText(headers["date"]));
        return outcomeOf(statusCode, wait, parts.guard.redact(text));
      } catch (error) {
        return failureOf(error);
      }
    },
  };
}

/** Asks the vault each time, which reads its file only when that has changed. */
async function pushKeys(vault: SecretStore): Promise<PushKeys> {
  try {
    const kept = await vault.get(PUSH_KEY_SECRET);
    if (kept !== null) return keysOf(kept);
    const made = createECDH("prime256v1");
    made.generateKeys();
    await vault.add(PUSH_KEY_SECRET, made.getPrivateKey().toString("base64url"));
    // Another process may have been first.
    return keysOf((await vault.get(PUSH_KEY_SECRET)) ?? "");
  } catch (error) {
    const hint = error instanceof AppError ? error.hint : undefined;
    const why = error instanceof AppError ? error.message : "its file cannot be used.";
    throw new AppError("unavailable", `Notifications need a key in the vault, and the vault cannot be opened: ${why}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}

function keysOf(privateKey: string): PushKeys {
  const curve = createECDH("prime256v1");
  try {
    curve.setPrivateKey(Buffer.from(privateKey, "base64url"));
  } catch {
    throw new AppError("invalid", `the secret ${PUSH_KEY_SECRET} is no key of P-256.`, {
      hint: `Remove it with \`bureau secret remove ${PUSH_KEY_SECRET}\`; a new one is made, and browsers subscribe anew.`,
    });
  }
  // As long as the curve wants it: without leading zeros it would be refused.
  const padded = Buffer.alloc(32);
  const bytes = curve.getPrivateKey();
  bytes.copy(padded, padded.length - bytes.length);
  return { privateKey: padded.toString("base64url"), publicKey: curve.getPublicKey().toString("base64url") };
}

function noSubject(): AppError {
  return new AppError("conflict", "Push services want to know whom to write to, and no address is set.", {
    hint: 'Write `push: { subject: "mailto:you@your-domain" }` into bureau.yaml and restart Bureau.',
  });
}

/** What a push service's status means (RFC 8030, and what the large ones do). */
function outcomeOf(status: number, afterMs: number | null, text: string): PushOutcome {
  if (status >= 200 && status < 300) return { type: "sent" };
  const reason = `The push service answered ${status}${text === "" ? "." : `: ${text}`}`;
  if (status === 404 || status === 410) return { type: "gone", reason };
  if (status === 429 || status >= 500) return { type: "later", afterMs, reason };
  return { type: "failed", reason };
}

/** `Retry-After` in milliseconds: seconds, or a date as the service's own clock has it. Null for anything else. */
function waitOf(retryAfter: string | null, date: string | null): number | null {
  if (retryAfter === null) return null;
  const ms = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.parse(date ?? "");
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

function failureOf(error: unknown): PushOutcome {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof AppError) return { type: "failed", reason };
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (NOT_SENT.has(code))
    return { type: "later", afterMs: null, reason: `The push service was not reached: ${reason}` };
  return { type: "failed", reason: `Whether the push service took it is not known: ${reason}` };
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString("utf8");
    // Leaving the loop ends the connection.
    if (text.length >= MAX_REPLY_CHARACTERS) break;
  }
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, MAX_REPLY_CHARACTERS);
}

function headerText(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
