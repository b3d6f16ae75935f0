# shellcheck shell=bash
# Redis 7, which keeps nothing on disk.

install() { provide redis-server redis-server; }

ports() { echo "$REDIS_PORT"; }

start() {
  launch redis redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --dir "$RUN" --save "" --maxmemory 64mb
}

stop() { terminate TERM; }

ready() { [ "$(redis-cli -p "$REDIS_PORT" ping)" = PONG ]; }

environment() {
  echo "KAREN_TEST_REDIS_URL=redis://127.0.0.1:$REDIS_PORT"
  echo "KAREN_TEST_REDIS_DATA=$RUN"
}
