#!/usr/bin/env bash
# Builds the Python package's wheel, optimised and without debug information. Prints where it is. The linker's
# map of its native module lies beside it, for `karen-bench python --map`.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${XDG_CACHE_HOME:-$HOME/.cache}/karen/python-tools
list=bindings/python/tests/tools.txt
out=${1:-${CARGO_TARGET_DIR:-target}/wheels}
if ! cmp -s $list "$tools/.installed"; then
  rm -rf "$tools"
  python3 -m venv "$tools"
  "$tools/bin/pip" install -q --disable-pip-version-check -r $list
  cp $list "$tools/.installed"
fi
mkdir -p "$out"
# What the wheel needs of the system beside glibc, the OpenMP runtime, is put into it.
PATH=$tools/bin:$PATH "$tools/bin/maturin" build --quiet --release --strip --compression-level 9 --auditwheel repair \
  --manifest-path bindings/python/Cargo.toml --interpreter "$tools/bin/python" --out "$out" \
  -- -C link-arg=-Wl,-Map="$(realpath "$out")/karen_ai.map"
ls -l "$out"/karen_ai-*.whl
