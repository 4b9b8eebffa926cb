#!/usr/bin/env bash
# Proves the two commands of the README the way a stranger meets them: a fresh clone, an empty home, and a PATH that
# holds nothing but Node with npm, or nothing but Bun.
#
#   scripts/check-fresh-clone.sh [npm|bun]     default: both, one after the other
#
# What is not committed yet is copied over the clone, so it can be run before a commit. Needs git, curl, and the two
# tools it tries; ends by itself, and leaves nothing behind.
set -euo pipefail

main() {
  source=$(cd "$(dirname "$0")/.." && pwd)
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  case ${1:-both} in
    npm) try_npm ;;
    bun) try_bun ;;
    both) try_npm && try_bun ;;
    *) fail "Usage: $0 [npm|bun]" ;;
  esac
  echo "Both commands work from a fresh clone (${1:-npm and bun})." >&2
}

try_npm() {
  prepare npm node npm
  # A company's npm settings live beside npm, not in the home we take away.
  export npm_config_globalconfig
  npm_config_globalconfig=$(npm config get globalconfig 2>/dev/null)
  try "npm start --" "npm start --silent -- version" "npm test"
}

try_bun() {
  prepare bun bun
  try "bun start" "bun --silent start version" "bun run test"
}

# prepare NAME TOOL...: $clone is a fresh clone, $bin a folder with those tools only, $home an empty one.
prepare() {
  clone=$work/$1/clone bin=$work/$1/bin home=$work/$1/home
  shift
  mkdir -p "$bin" "$home"
  git clone --quiet "$source" "$clone"
  # The clone's own files go first, so that one deleted here is deleted there.
  (cd "$clone" && git ls-files -z | xargs -0 rm -f)
  (cd "$source" && git ls-files -z --cached --others --exclude-standard --deduplicate) |
    tar -C "$source" --null --files-from=- --ignore-failed-read -cf - 2>/dev/null | tar -C "$clone" -xf -
  local tool
  for tool in "$@" sh env git; do
    [ -n "$(command -v "$tool")" ] || fail "$tool is not on this machine"
    ln -s "$(readlink -f "$(command -v "$tool")")" "$bin/$tool"
  done
}

# try START VERSION TEST: the three commands, in the clone, with the bare environment.
try() {
  cd "$clone"
  # An array, so that the process id of a command in the background is the command's own.
  bare=(env -i PATH="$bin" HOME="$home" FAIRLEAD_DISCOVERY=off)
  local name
  for name in npm_config_globalconfig NODE_EXTRA_CA_CERTS; do
    if [ -n "${!name:-}" ]; then bare+=("$name=${!name}"); fi
  done
  local version
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
  echo "== $2" >&2
  # shellcheck disable=SC2086 # $1, $2 and $3 are commands in words
  "${bare[@]}" $2 </dev/null | grep -F "$version" >/dev/null || fail "\"$2\" does not say its version"
  echo "== $1 --port 0" >&2
  serve "$1"
  echo "== $3" >&2
  # shellcheck disable=SC2086
  "${bare[@]}" $3 </dev/null || fail "\"$3\" failed"
}

# Starts it on a free port, asks for its health, ends it, and makes sure that it is gone.
serve() {
  # shellcheck disable=SC2086
  "${bare[@]}" $1 --port 0 </dev/null >"$work/out" 2>&1 &
  local pid=$! address="" tries
  for tries in $(seq 300); do
    address=$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$work/out" | head -n 1) && break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  [ -n "$address" ] || fail "no address within ${tries} tries: $(cat "$work/out")"
  curl --silent --fail --max-time 5 "$address/health" >/dev/null || fail "$address/health does not answer"
  kill -TERM "$pid"
  wait "$pid" || true # how it ends after SIGTERM is for the tests of the server
  for tries in $(seq 50); do
    curl --silent --max-time 1 "$address/health" >/dev/null || return 0
    sleep 0.1
  done
  fail "the server outlives \"$1\""
}

fail() {
  echo "check-fresh-clone: $1" >&2
  exit 1
}

main "$@"
