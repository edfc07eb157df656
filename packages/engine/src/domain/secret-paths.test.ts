import { expect, test } from "vitest";
import { looksSecret } from "./secret-paths.ts";

test.each([
  ".env",
  "app/.env.production",
  ".env*",
  "/config/api_keys.env",
  "/home/me/.ssh/config",
  "id_rsa",
  "server.PEM",
  "tls/server.key",
  "credentials",
  "aws-credentials.json",
  "api-keys.txt",
  "passwords.xlsx",
  "my passwords.docx",
  "client_secret.json",
  "secrets/prod.yaml",
  "/etc/shadow",
  "/etc/passwd",
  "%2eenv",
  ".ENV",
  ".env.",
  "C:\\Users\\me\\.aws\\config",
  "file:///home/me/.netrc",
  "x".repeat(5_000),
])("looks secret: %s", (path) => {
  expect(looksSecret(path)).toBe(true);
});

test.each([
  "README.md",
  ".env.example",
  "src/password.ts",
  "src/passwords/hash.ts",
  "docs/tokenizer.md",
  "/data/salaries.xlsx",
  "environment.md",
  "keyboard.txt",
  "id_rsa.pub",
  "secretary.txt",
  "%zz.txt",
  "",
])("does not look secret: %s", (path) => {
  expect(looksSecret(path)).toBe(false);
});
