#!/usr/bin/env bash
# Tests the Python package as its users get it: builds the wheel, installs it in a fresh environment for
# every CPython that is here, and runs the tests there; checks types and the committed stub once.
# KAREN_PROVE=1 takes one CPython through the long campaigns: cancelled turns, exits with work in flight, forks.
# CARGO_TARGET_DIR is used where it is set, with the profile of the other tests: nothing is built twice.
set -euo pipefail
cd "$(dirname "$0")/.."

package=bindings/python
cache=${XDG_CACHE_HOME:-$HOME/.cache}/karen
tools=$cache/python-tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf 'test-python: %s\n' "$*" >&2; }

# Makes an environment that holds what a file lists; does nothing twice.
environment() {
  local python=$1 folder=$2 list=$3
  if ! cmp -s "$list" "$folder/.installed"; then
    say "installing what tests need for $("$python" --version)"
    rm -rf "$folder"
    "$python" -m venv "$folder"
    "$folder/bin/pip" install -q --disable-pip-version-check -r "$list"
    cp "$list" "$folder/.installed"
  fi
}

# Every CPython that the package supports and this machine has, one a line; the first for a long campaign.
pythons() {
  for version in 3.10 3.11 3.12 3.13 3.14; do
    for candidate in "python$version" "$HOME/.pyenv/versions/$version".*/bin/python; do
      if "$candidate" -c 'import ensurepip' 2>/dev/null; then
        printf '%s %s\n' "$version" "$candidate"
        [ -z "${KAREN_PROVE:-}" ] || return 0
        break
      fi
    done
  done
}

environment python3 "$tools" $package/tests/tools.txt
say "building the wheel"
"$tools/bin/maturin" build --quiet --strip --compression-level 9 --auditwheel skip --manifest-path $package/Cargo.toml \
  --interpreter "$tools/bin/python" --out "$work/wheel"
"$tools/bin/maturin" generate-stubs --quiet --manifest-path $package/Cargo.toml \
  --interpreter "$tools/bin/python" --out "$work/stubs"
if ! diff -u $package/python/karen/_native.pyi "$work/stubs/karen/_native.pyi"; then
  say "the stub is not what the native module says: copy the one above"
  exit 1
fi

say "types"
"$tools/bin/pip" install -q --disable-pip-version-check --no-deps --target "$work/package" "$work"/wheel/*.whl
MYPYPATH=$work/package "$tools/bin/mypy" --strict --cache-dir "$work/mypy" $package/tests
"$tools/bin/mypy" --strict --cache-dir "$work/mypy" $package/python/karen
# What the package puts off making, a dataclass, is compared as what it comes to be.
(cd "$work/package" && PYTHONPATH=. "$tools/bin/python" - karen) <<'STUBTEST'
import dataclasses
import sys

from mypy import stubtest

from karen import _frozen

_frozen.dataclass, _frozen.field = dataclasses.dataclass, dataclasses.field
sys.exit(stubtest.main())
STUBTEST
"$tools/bin/pyright" --project $package/pyproject.toml "$work/package/karen"

while read -r version python; do
  environment "$python" "$cache/python-$version" $package/tests/requirements.txt
  # An environment without anything of an earlier wheel; only what the tests need is lent to it.
  "$python" -m venv "$work/$version"
  "$work/$version/bin/pip" install -q --disable-pip-version-check --no-deps "$work"/wheel/*.whl
  echo "$cache/python-$version"/lib/python*/site-packages \
    >"$(echo "$work/$version"/lib/python*/site-packages)/tests.pth"
  say "tests, with Python $version"
  KAREN_TEST_WHEELS=$work/wheel "$work/$version/bin/python" -X faulthandler -m pytest -q -p no:cacheprovider $package/tests
done < <(pythons)

for example in streamlit notebook; do
  environment python3 "$cache/python-$example" "$package/tests/$example.txt"
  say "the $example example"
  PYTHONPATH=$work/package "$cache/python-$example/bin/python" -m pytest -q -p no:cacheprovider "examples/$example"
done
