const FOLDERS = new Set([".ssh", ".gnupg", ".aws", ".azure", ".kube", "gcloud"]);
const FILES = new Set(
  (
    ".netrc _netrc .npmrc .pypirc .pgpass .git-credentials .htpasswd .dockercfg shadow gshadow sudoers " +
    "id_rsa id_dsa id_ecdsa id_ed25519"
  ).split(" "),
);
/** Examples are there to be read. */
const EXAMPLE = /[._-](example|sample|template|dist)$/;
const KEY_ENDINGS = /\.(pem|key|p12|pfx|jks|keystore|kdbx|asc|env|ppk)$/;
/** Names of what holds data. Source code about passwords is none. */
const DATA_ENDINGS =
  /\.(txt|json|ya?ml|toml|ini|env|csv|tsv|xlsx?|ods|xml|conf|cfg|config|properties|db|sqlite|docx?|md|pdf|bak|old|enc)$/;
const SECRET_NAMES =
  /(^|[._\s-])(credentials?|creds|api[_\s-]?keys?|apikeys?|passwords?|passwd|passw[oö]rter|secrets?|private[_\s-]?keys?|access[_\s-]?tokens?)$/;
const MAX_CHARACTERS = 4_096;

/** Whether a path looks like one that holds keys or passwords. A path too long to look at does. */
export function looksSecret(path: string): boolean {
  if (path.length > MAX_CHARACTERS) return true;
  const names = decoded(path).normalize("NFKC").toLowerCase().replaceAll("\\", "/").split(/[/:]/).map(trimmed);
  if (names.some((name) => FOLDERS.has(name))) return true;
  const last = names.findLast((name) => name !== "") ?? "";
  const holdsData = DATA_ENDINGS.test(last) || !last.includes(".");
  return holdsData ? names.some(isSecretName) : isSecretName(last);
}

function isSecretName(name: string): boolean {
  if (name === "" || EXAMPLE.test(name)) return false;
  if (FILES.has(name) || /^\.env(\.|$|\*)/.test(name) || KEY_ENDINGS.test(name)) return true;
  const stem = DATA_ENDINGS.test(name) ? name.slice(0, name.lastIndexOf(".")) : name;
  return stem === name && name.includes(".") && !name.startsWith(".") ? false : SECRET_NAMES.test(stem);
}

/** Dots and spaces at the end of a name mean nothing to some file systems. */
function trimmed(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === "." || name[end - 1] === " ")) end -= 1;
  return name.slice(0, end).trimStart();
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
