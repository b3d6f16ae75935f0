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

# DuckDB as it is linked in development: compiling it takes a quarter of an hour. A program remembers where the
# library lies, and so needs no search path to run.
duckdb() {
  local version=1.5.6-r.1 machine folder archive
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) say "DuckDB is not published for $(uname -m): build with the feature duckdb-bundled"; exit 1 ;;
  esac
  folder=${XDG_CACHE_HOME:-$HOME/.cache}/karen/duckdb/$version
  if [ ! -f "$folder/libduckdb.so" ]; then
    say "fetching DuckDB"
    provide npm npm
    provide patchelf patchelf
    mkdir -p "$folder"
    archive=$(cd "$folder" && npm pack --silent "@duckdb/node-bindings-linux-$machine@$version")
    tar -xzf "$folder/$archive" -C "$folder" --strip-components=1 package/libduckdb.so package/LICENSE
    mv "$folder/libduckdb.so" "$folder/fetched"
    patchelf --set-soname "$folder/libduckdb.so" "$folder/fetched"
    mv "$folder/fetched" "$folder/libduckdb.so"
    rm "$folder/$archive"
  fi
  mkdir -p target
  ln -sfn "$folder" target/duckdb
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
      duckdb
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
