#!/usr/bin/env bash
# Installs what building ("build") and testing ("test") Karen need on Debian 12; does nothing twice.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

# Names the packages among the arguments that are not installed.
missing() {
  for package in "$@"; do
    dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || printf '%s ' "$package"
  done
}

install() {
  local packages
  packages=$(missing "$@")
  [ -n "$packages" ] || return 0
  say "installing $packages"
  if ! command -v apt-get >/dev/null; then
    say "this is no Debian: install the like of $packages by hand"
    exit 1
  fi
  local root=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "run as root: apt-get install $packages"; exit 1; }
    root=sudo
  fi
  $root apt-get update -qq
  # shellcheck disable=SC2086 # a list of words
  DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

# Installs packages unless the command that they bring is there already, from wherever.
provide() {
  local command=$1
  shift
  command -v "$command" >/dev/null || install "$@"
}

rust() {
  if ! command -v cargo >/dev/null; then
    say "install Rust first: https://rustup.rs, or apt-get install rustup"
    exit 1
  fi
}

# The real OpenAI client, and the tools that read the demonstration model.
python_tools() {
  local venv=$1 stamp=$1/.installed
  cmp -s tests/requirements.txt "$stamp" && return 0
  say "installing Python packages of the tests"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r tests/requirements.txt
  cp tests/requirements.txt "$stamp"
}

browser_tools() {
  [ -f tests/browser/package-lock.json ] || return 0
  cmp -s tests/browser/package-lock.json tests/browser/node_modules/.installed && return 0
  say "installing Node packages of the browser tests"
  (cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund --silent)
  cp tests/browser/package-lock.json tests/browser/node_modules/.installed
}

deny() {
  command -v cargo-deny >/dev/null && return 0
  say "installing cargo-deny"
  cargo install --quiet --locked --version 0.20.2 cargo-deny
}

for part in "$@"; do
  case $part in
    build)
      rust
      provide cc build-essential
      provide cmake cmake
      provide clang clang
      install libclang-dev
      ;;
    test)
      provide chromium chromium
      provide node nodejs
      provide npm npm
      python3 -c 'import ensurepip' 2>/dev/null || install python3-venv
      python_tools "${XDG_CACHE_HOME:-$HOME/.cache}/karen/python"
      browser_tools
      ;;
    deny) deny ;;
    *) say "unknown part $part"; exit 2 ;;
  esac
done
