# shellcheck shell=bash
# The processes of one service: begun apart from this shell, with their logs and identities in the folder $RUN.

# Servers that refuse to run as root run as nobody, who may still pass through root's own folders: the capability
# says so to open(2), and the secure bit to access(2).
UNPRIVILEGED=()
if [ "$(id -u)" = 0 ]; then
  # shellcheck disable=SC2034 # for the scripts that source this one
  UNPRIVILEGED=(setpriv --reuid nobody --regid nogroup --clear-groups --securebits +no_setuid_fixup
    --inh-caps +dac_override --ambient-caps +dac_override --no-new-privs)
fi

# A process's id and the tick it began at: a later process with the same id has another identity.
identity() {
  local pid=$1 fields
  fields=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) || return 1
  # shellcheck disable=SC2086 # a list of words: proc(5), from the state on
  set -- $fields
  [ "$1" != Z ] && echo "$pid ${20}"
}

# Runs a command in the background. It does not inherit the lock that this shell may hold.
launch() {
  local name=$1
  shift
  setsid "$@" </dev/null >"$RUN/$name.log" 2>&1 9>&- &
  identity $! >"$RUN/$name.pid"
}

# Whether the process of a file that `launch` wrote is still there.
alive() {
  local pid began
  read -r pid began 2>/dev/null <"$1" && [ "$(identity "$pid")" = "$pid $began" ]
}

# Whether every process that was launched is still there.
running() {
  local file
  for file in "$RUN"/*.pid; do
    alive "$file" || return 1
  done
}

# Ends what was launched, by force if a signal does not do it.
terminate() {
  local signal=$1 file pid
  for file in "$RUN"/*.pid; do
    alive "$file" || continue
    read -r pid _ <"$file"
    kill -s "$signal" "$pid" || continue
    within 30 gone "$file" || kill -s KILL "$pid"
    within 30 gone "$file"
  done
  rm -f "$RUN"/*.pid
}

gone() { ! alive "$1"; }

# Repeats a command until it succeeds, for some seconds.
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# Whether somebody listens at a port of this machine.
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free() { ! taken "$1"; }
