# shellcheck shell=bash
# Installing on Debian 12, each thing once: sourced by the scripts that need it.

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }

# Names the packages among the arguments that are not installed.
missing() {
  for package in "$@"; do
    dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || printf '%s ' "$package"
  done
}

install_packages() {
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
  command -v "$command" >/dev/null || install_packages "$@"
}

# Makes a virtual environment that holds the packages of a requirements file.
python_packages() {
  local venv=$1 requirements=$2 stamp=$1/.installed
  cmp -s "$requirements" "$stamp" && return 0
  python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
  say "installing Python packages of $requirements"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$requirements"
  cp "$requirements" "$stamp"
}
