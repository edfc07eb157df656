#!/usr/bin/env bash
# Proves that the last commit works on a machine that has never seen it: clone, install, test; says what it cost.
#
#   bash scripts/fresh-clone.sh [USER]     as this user, or as USER when run by root
set -euo pipefail

source_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
as_user=${1:-}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

git clone --quiet --no-hardlinks "$source_folder" "$folder/bureau"
run=(env "HOME=$folder" "npm_config_cache=$folder/npm-cache")
if [ -n "$as_user" ]; then
  chown -R "$as_user" "$folder"
  run=(runuser -u "$as_user" -- "${run[@]}")
fi
cd "$folder/bureau"

started=$SECONDS
"${run[@]}" npm ci --no-audit --no-fund --loglevel=error
echo "fresh clone: installed in $((SECONDS - started)) s, $(du -sm node_modules | cut -f1) MB."

started=$SECONDS
status=0
"${run[@]}" npm test || status=$?
echo "fresh clone: npm test ended with $status after $((SECONDS - started)) s."
changed=$(git -c safe.directory='*' status --porcelain)
if [ -n "$changed" ]; then
  echo "fresh clone: the tests left these in the checkout:" >&2
  echo "$changed" >&2
  exit 1
fi
exit "$status"
