export const DEFAULT_PORT = 4747;

/** The model to use when a provider has a key and no model is named. */
export const DEFAULT_MODELS = {
  anthropic: "claude-sonnet-4-6",
  openai: "gpt-5.2",
  google: "gemini-2.5-pro",
} as const;

export interface Setting {
  variable: string | null;
  flag: string | null;
  /** Key in `bureau.yaml`. */
  key: string | null;
  fallback: string;
  about: string;
}

/** Every setting of the server, for the reference. The later column wins: file, environment, flag. */
export const SETTINGS: readonly Setting[] = [
  {
    key: null,
    variable: "BUREAU_WORKSPACE",
    flag: "--workspace DIR",
    fallback: "the nearest folder upwards with a `bureau.yaml`, else this folder",
    about: "The folder that is worked in.",
  },
  {
    key: null,
    variable: "BUREAU_PORT",
    flag: "--port N",
    fallback: String(DEFAULT_PORT),
    about: "Where the server listens; 0 takes any free port.",
  },
  {
    key: null,
    variable: null,
    flag: "--host H",
    fallback: "127.0.0.1",
    about: "The address to listen on. One that can be reached from outside needs `BUREAU_TOKEN`.",
  },
  {
    key: null,
    variable: "BUREAU_HOSTS",
    flag: null,
    fallback: "none",
    about: "Further names under which the server may be called, with commas between them; for a proxy in front of it.",
  },
  {
    key: "publicUrl",
    variable: "BUREAU_PUBLIC_URL",
    flag: null,
    fallback: "the address that a request came to, else this machine in its network",
    about:
      "Where others reach the server, such as `https://bureau.example.com`: links and QR codes begin with it, and its name is answered as those of `BUREAU_HOSTS` are.",
  },
  {
    key: null,
    variable: "BUREAU_TOKEN",
    flag: null,
    fallback: "made once and kept in `.bureau/token`",
    about: "The secret that clients of the owner send.",
  },
  {
    key: null,
    variable: "BUREAU_TRUSTED_PROXY",
    flag: null,
    fallback: "none",
    about:
      "Addresses or networks, with commas between them, of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: `127.0.0.1`, `10.0.0.0/8`.",
  },
  {
    key: null,
    variable: "BUREAU_VAULT_KEY",
    flag: null,
    fallback: "made with the first secret and kept in `.bureau/vault/key`",
    about: "The key of the vault, one line that starts with `AGE-SECRET-KEY-1`.",
  },
  {
    key: null,
    variable: "BUREAU_VAULT_KEY_FILE",
    flag: null,
    fallback: "none",
    about: "A file that holds the key of the vault, as containers are given it.",
  },
  {
    key: null,
    variable: "BUREAU_VAULT_KEY_COMMAND",
    flag: null,
    fallback: "none",
    about: "A command that prints the key of the vault, such as one that asks the system's keyring.",
  },
  {
    key: null,
    variable: "BUREAU_DATA",
    flag: null,
    fallback: "`.bureau/postgres` in the workspace",
    about: "Where the embedded database lives.",
  },
  {
    key: null,
    variable: "DATABASE_URL",
    flag: null,
    fallback: "the embedded database",
    about: "An external PostgreSQL, version 15 or later.",
  },
  {
    key: "models.default",
    variable: "BUREAU_MODEL",
    flag: null,
    fallback: "by the first provider with a key; else a local server that answers",
    about: "The model to use, as `provider/model`.",
  },
  ...(["ANTHROPIC", "OPENAI", "GOOGLE_GENERATIVE_AI"] as const).flatMap((prefix) => [
    { key: null, variable: `${prefix}_API_KEY`, flag: null, fallback: "none", about: "The provider's key." },
    {
      key: null,
      variable: `${prefix}_BASE_URL`,
      flag: null,
      fallback: "the provider's own address",
      about: "Another address that speaks the provider's wire.",
    },
  ]),
  {
    key: null,
    variable: "BUREAU_REHEARSAL",
    flag: null,
    fallback: "none",
    about: "A recording whose answers are replayed in place of a model.",
  },
  {
    key: null,
    variable: "BUREAU_RECORD",
    flag: null,
    fallback: "none",
    about: "A file to which every answer of a model is added, to be replayed with `BUREAU_REHEARSAL`.",
  },
];
