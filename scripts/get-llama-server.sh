#!/usr/bin/env bash
# Puts a real llama-server, with every library it needs, into a folder of its own; nothing is installed on the system.
#
#   get-llama-server.sh [DEST]     DEST/bin/llama-server; default DEST: .llama-server in the project
#   SUITE=testing                  the Debian suite to take it from; default: sid
#
# It comes as Debian's own packages from the mirror that this machine is set up with, checked by Debian's key: about
# 30 MB fetched, 65 MB kept. Does nothing when DEST already has one that runs. Needs no root.
# Exit codes: 0 it is there, 1 it could not be fetched, 3 this machine cannot have it (not Debian, not amd64, no apt).
set -euo pipefail

main() {
  local dest=${1:-$(dirname "$(dirname "$(readlink -f "$0")")")/.llama-server}
  if "$dest/bin/llama-server" --version >/dev/null 2>&1; then
    echo "llama-server is there: $dest/bin/llama-server" >&2
    return
  fi
  require_debian
  mkdir -p "$dest"
  dest=$(cd "$dest" && pwd)
  # Beside the target, so that what is complete is moved there at once. Global: the trap runs when main has ended.
  work=$(mktemp -d "$dest/.fetch-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  fetch_packages "$work"
  mkdir "$work/root" "$work/bin"
  local package
  for package in "$work"/cache/archives/*.deb; do dpkg-deb -x "$package" "$work/root"; done
  rm -rf "$work"/root/usr/share "$work"/root/usr/bin/llama-[!s]*
  write_launcher "$work"
  "$work/bin/llama-server" --version >&2 || fail 1 "the packages are here, but their llama-server does not run"
  rm -rf "${dest:?}/root" "${dest:?}/bin"
  mv "$work/root" "$work/bin" "$dest/"
  echo "llama-server: $dest/bin/llama-server" >&2
}

fail() {
  echo "get-llama-server: $2" >&2
  exit "$1"
}

require_debian() {
  local tool
  for tool in apt-get dpkg dpkg-deb; do
    command -v "$tool" >/dev/null || fail 3 "this machine has no $tool; this only works on Debian"
  done
  # shellcheck source=/dev/null
  [ "$(. /etc/os-release 2>/dev/null && echo "${ID:-}")" = debian ] || fail 3 "this machine is not Debian"
  [ "$(dpkg --print-architecture)" = amd64 ] || fail 3 "only amd64 is supported, this is $(dpkg --print-architecture)"
}

# Fills $1/cache/archives with llama-server's package and all it depends on. apt works as always (proxies and
# credentials included), only that its lists, its cache and what it takes for installed (nothing) lie in $1.
fetch_packages() {
  local key mirror
  key=$(find /usr/share/keyrings -name 'debian-archive-keyring.*' | sort | head -n 1)
  [ -n "$key" ] || fail 1 "Debian's keyring is missing (package debian-archive-keyring)"
  mkdir -p "$1"/lists/partial "$1"/cache/archives/partial "$1"/state
  : >"$1/state/status"
  local options=(
    -qq -o Dir::State="$1/state" -o Dir::State::status="$1/state/status" -o Dir::State::Lists="$1/lists"
    -o Dir::Cache="$1/cache" -o Dir::Etc::SourceList="$1/sources.list" -o Dir::Etc::SourceParts=-
    -o Dir::Etc::Preferences=- -o Dir::Etc::PreferencesParts=- -o Acquire::Languages=none -o APT::Sandbox::User=
    -o Debug::NoLocking=1 -o APT::Keep-Downloaded-Packages=true -o DPkg::Post-Invoke= -o APT::Update::Post-Invoke=
  )
  # A mirror of something else does not carry this suite, or not under Debian's key: the next one is tried.
  while read -r mirror; do
    echo "deb [arch=amd64 signed-by=$key] $mirror ${SUITE:-sid} main" >"$1/sources.list"
    if apt-get "${options[@]}" update 2>"$1/problems" &&
      apt-get "${options[@]}" -y --no-install-recommends --download-only install llama.cpp-tools 2>>"$1/problems"; then
      return
    fi
  done < <(mirrors)
  cat "$1/problems" >&2 2>/dev/null || true
  fail 1 "no mirror that this machine is set up with gave llama.cpp-tools (suite ${SUITE:-sid})"
}

# The archives in apt's own configuration, in its order; they are named even where no list was ever fetched.
mirrors() {
  apt-get -o Debug::NoLocking=1 --print-uris update |
    sed -nE "s|^'(.*)/dists/.*InRelease'.*|\1|p" | grep -v -- '-security$' | awk '!seen[$0]++'
}

# The program must run with the C library it came with, not with this system's, which may be years older: so the
# loader that came with it starts it. libggml looks for its processor backends beside the running program, which then
# is the loader.
write_launcher() {
  local lib=usr/lib/x86_64-linux-gnu backend
  for backend in "$1/root/$lib"/ggml/backends*/*.so; do
    ln -s "${backend#"$1/root/$lib/"}" "$1/root/$lib/$(basename "$backend")"
  done
  cat >"$1/bin/llama-server" <<EOF
#!/bin/sh
root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")/root
lib=\$root/$lib
exec "\$lib/ld-linux-x86-64.so.2" --library-path "\$lib:\$lib/llama" "\$root/usr/bin/llama-server" "\$@"
EOF
  chmod +x "$1/bin/llama-server"
}

main "$@"
