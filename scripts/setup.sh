#!/usr/bin/env bash
# Installs what building ("build") and testing ("test") Karen need on Debian 12; does nothing twice.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=/dev/null
. scripts/install.sh

rust() {
  if ! command -v cargo >/dev/null; then
    say "install Rust first: https://rustup.rs, or apt-get install rustup"
    exit 1
  fi
}

node_packages() {
  cmp -s "tests/$1/package-lock.json" "tests/$1/node_modules/.installed" && return 0
  say "installing Node packages of tests/$1"
  (cd "tests/$1" && npm ci --ignore-scripts --no-audit --no-fund --silent)
  cp "tests/$1/package-lock.json" "tests/$1/node_modules/.installed"
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
      install_packages libclang-dev
      # Reads the protocol of Milvus.
      provide protoc protobuf-compiler
      ;;
    test)
      provide chromium chromium
      provide node nodejs
      provide npm npm
      # The real OpenAI client, and the tools that read the demonstration model.
      python_packages "${XDG_CACHE_HOME:-$HOME/.cache}/karen/python" tests/requirements.txt
      node_packages browser
      # OpenAI's client for Node.
      node_packages openai
      ;;
    deny) deny ;;
    *) say "unknown part $part"; exit 2 ;;
  esac
done
