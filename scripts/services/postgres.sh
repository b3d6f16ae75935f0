# shellcheck shell=bash
# PostgreSQL 15 with small buffers. It syncs to disk as in earnest, and trusts everyone on this machine.

BIN=/usr/lib/postgresql/15/bin

install() { [ -x "$BIN/postgres" ] || install_packages postgresql-15; }

ports() { echo "$POSTGRES_PORT"; }

start() {
  "${UNPRIVILEGED[@]}" "$BIN/initdb" --pgdata "$RUN/data" --username karen --auth trust --encoding UTF8 \
    --locale C --no-sync >"$RUN/initdb.log" 2>&1 || give_up
  launch postgres "${UNPRIVILEGED[@]}" "$BIN/postgres" -D "$RUN/data" -p "$POSTGRES_PORT" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c shared_buffers=16MB -c max_wal_size=128MB
}

# On TERM it would wait for its clients to leave.
stop() { terminate INT; }

ready() { "$BIN/pg_isready" --quiet --host 127.0.0.1 --port "$POSTGRES_PORT"; }

environment() {
  echo "KAREN_TEST_POSTGRES_URL=postgres://karen@127.0.0.1:$POSTGRES_PORT/postgres"
  echo "KAREN_TEST_POSTGRES_DATA=$RUN/data"
}
