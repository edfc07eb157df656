#!/usr/bin/env bash
# Installs the Debian packages that development can use. Bureau itself needs none of them to start.
#
#   npm run setup                       what the command sandbox and its tests use
#   npm run setup -- chromium           only the packages named
#
# Known packages: bubblewrap (the default), chromium, dovecot-imapd, radicale.
set -euo pipefail

DEFAULT_PACKAGES=(bubblewrap)
KNOWN_PACKAGES=" bubblewrap chromium dovecot-imapd radicale "
LOCK_WAIT_SECONDS=120
MAX_ATTEMPTS=3
RETRY_SECONDS=5

wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=("${DEFAULT_PACKAGES[@]}")

missing=()
for package in "${wanted[@]}"; do
  if [[ "$KNOWN_PACKAGES" != *" $package "* ]]; then
    echo "setup: '$package' is not a package that Bureau uses. Known:$KNOWN_PACKAGES" >&2
    exit 2
  fi
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "setup: nothing to do, ${wanted[*]} already installed."
  exit 0
fi

if ! command -v apt-get >/dev/null; then
  echo "setup: this system has no apt-get. Install these with its own package manager: ${missing[*]}" >&2
  exit 1
fi
run=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "setup: needs root. Run: sudo apt-get install -y ${missing[*]}" >&2
    exit 1
  fi
  run=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

install() {
  "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout="$LOCK_WAIT_SECONDS" -o Acquire::Retries=2 install "${missing[@]}"
}
refresh() {
  "${run[@]}" apt-get -qq -o DPkg::Lock::Timeout="$LOCK_WAIT_SECONDS" -o Acquire::Retries=2 update
}

for ((attempt = 1; attempt <= MAX_ATTEMPTS; attempt++)); do
  if install >"$log" 2>&1; then
    echo "setup: installed ${missing[*]}."
    exit 0
  fi
  # An outdated or empty package list is the usual reason; another process holding the lock is the next.
  refresh >>"$log" 2>&1 || true
  [ "$attempt" -eq "$MAX_ATTEMPTS" ] || sleep "$RETRY_SECONDS"
done
tail -n 20 "$log" >&2
echo "setup: could not install ${missing[*]} in $MAX_ATTEMPTS attempts. The lines above are apt-get's." >&2
exit 1
