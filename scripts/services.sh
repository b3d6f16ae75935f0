#!/usr/bin/env bash
# Real servers for tests, as ordinary processes on loopback: services.sh start|stop|status|env [name...]
#
# start   installs what is missing, starts with empty data what does not run, and waits until each answers
# stop    ends the processes that start began, and no others
# status  says which of them answer
# env     prints the variables that tell tests where they are
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=/dev/null
. scripts/install.sh
# shellcheck source=/dev/null
. scripts/process.sh
# shellcheck source=/dev/null
. scripts/services/ports.env

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/karen/services
ALL=(elasticsearch milvus postgres postgres_replica redis redis_cluster)
READY_SECONDS_MAX=120

# Makes a service the one that everything below speaks of. Its file says how to install, start and stop it, which
# ports it takes, when it is ready and which variables name it; $KEPT is for what it installs, $RUN for the rest.
choose() {
  NAME=$1
  KEPT=$CACHE/$NAME
  RUN=$KEPT/run
  # shellcheck source=/dev/null
  . "scripts/services/$NAME.sh"
}

# Starts the service on empty data, unless it runs.
begin() {
  running && return
  terminate KILL
  rm -rf "$RUN"
  mkdir -p "$RUN"
  install
  local port
  for port in $(ports); do
    # What was killed a moment ago may hold it a little longer.
    within 20 free "$port" || { say "another program holds port $port of $NAME"; exit 1; }
  done
  say "starting $NAME"
  start
}

answers() { ready >/dev/null 2>&1; }

answers_or_ended() { answers || ! running; }

await_answer() {
  within "$READY_SECONDS_MAX" answers_or_ended || give_up
  running || give_up
}

give_up() {
  say "$NAME did not start. Its logs end:"
  tail -n 20 "$RUN"/*.log >&2
  stop
  exit 1
}

# One line: the name, how it is, its ports.
describe() {
  local state=stopped
  ! running || state=silent
  ! answers || state=ready
  printf '%-14s %-8s %s\n' "$NAME" "$state" "$(ports)"
}

verb=${1-}
names=("${@:2}")
[ "${#names[@]}" -gt 0 ] || names=("${ALL[@]}")
for name in "${names[@]}"; do
  [ -f "scripts/services/$name.sh" ] || { say "unknown service $name; there are ${ALL[*]}"; exit 2; }
done

# Each step is taken for every service before the next, so that they start side by side.
case $verb in
  start) steps=(begin await_answer) ;;
  stop) steps=(stop) ;;
  status) steps=(describe) ;;
  env) steps=(environment) ;;
  *) say "say start, stop, status or env"; exit 2 ;;
esac
if [ "$verb" = start ] || [ "$verb" = stop ]; then
  mkdir -p "$CACHE"
  exec 9>"$CACHE/lock"
  flock 9
fi
for step in "${steps[@]}"; do
  for name in "${names[@]}"; do
    choose "$name"
    "$step"
  done
done
