import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { OpenedDatabase } from "../store/database.ts";

const SECRET_BYTES = 32;

/** What people, devices and sessions stand on: the database alone, so that what one process ends is over in all. */
export interface AccessParts {
  database: OpenedDatabase;
  clock: Clock;
}

/** 256 random bits as text. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** What is kept of a secret. One that has 256 random bits needs no slow hash. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
