# shellcheck shell=bash
# A Redis Cluster of three masters, which share the slots and have no replicas.

install() { provide redis-server redis-server; }

ports() { echo "$REDIS_CLUSTER_PORTS"; }

start() {
  local port nodes=()
  for port in $(ports); do
    launch "$port" redis-server --bind 127.0.0.1 --port "$port" --dir "$RUN" --save "" --maxmemory 64mb \
      --cluster-enabled yes --cluster-config-file "$port.conf"
    nodes+=("127.0.0.1:$port")
  done
  for port in $(ports); do
    within 20 taken "$port" || give_up
  done
  redis-cli --cluster create "${nodes[@]}" --cluster-yes >"$RUN/join.log" 2>&1 || give_up
}

stop() { terminate TERM; }

ready() {
  local port
  for port in $(ports); do
    redis-cli -p "$port" cluster info | grep -q '^cluster_state:ok' || return 1
  done
}

environment() {
  echo "KAREN_TEST_REDIS_CLUSTER_URLS=redis://127.0.0.1:${REDIS_CLUSTER_PORTS// /,redis://127.0.0.1:}"
}
