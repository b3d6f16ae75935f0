# shellcheck shell=bash
# A replica that streams from the PostgreSQL of postgres.sh, which has to run.

BIN=/usr/lib/postgresql/15/bin

install() { [ -x "$BIN/postgres" ] || install_packages postgresql-15; }

ports() { echo "$POSTGRES_REPLICA_PORT"; }

primary_ready() { "$BIN/pg_isready" --quiet --host 127.0.0.1 --port "$POSTGRES_PORT"; }

start() {
  within 60 primary_ready || give_up
  "${UNPRIVILEGED[@]}" "$BIN/pg_basebackup" --pgdata "$RUN/data" --write-recovery-conf --checkpoint fast --no-sync \
    --host 127.0.0.1 --port "$POSTGRES_PORT" --username karen >"$RUN/backup.log" 2>&1 || give_up
  launch postgres "${UNPRIVILEGED[@]}" "$BIN/postgres" -D "$RUN/data" -p "$POSTGRES_REPLICA_PORT" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c shared_buffers=16MB -c max_wal_size=128MB
}

stop() { terminate INT; }

ready() { "$BIN/pg_isready" --quiet --host 127.0.0.1 --port "$POSTGRES_REPLICA_PORT"; }

environment() {
  echo "KAREN_TEST_POSTGRES_REPLICA_URL=postgres://karen@127.0.0.1:$POSTGRES_REPLICA_PORT/postgres"
}
