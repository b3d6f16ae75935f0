# shellcheck shell=bash
# Elasticsearch 8.19, the archive that its makers publish for tests of plugins: the whole server, less the modules
# that add analysers of languages, scripts, `_delete_by_query` and `GET /`.

VERSION=8.19.21
DISTRIBUTION=$KEPT/elasticsearch-$VERSION

install() {
  provide curl curl
  provide java openjdk-17-jre-headless
  [ ! -d "$DISTRIBUTION" ] || return 0
  provide mvn maven
  say "downloading Elasticsearch $VERSION"
  # In $RUN, since Maven leaves a mark of what it unpacked where it runs.
  (cd "$RUN" && mvn --batch-mode --strict-checksums --log-file "$RUN/maven.log" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack -DoutputDirectory="$RUN" \
    -Dartifact="org.elasticsearch.distribution.integ-test-zip:elasticsearch:$VERSION:zip" >/dev/null 2>&1) || give_up
  mv "$RUN/elasticsearch-$VERSION" "$DISTRIBUTION"
}

ports() { echo "$ELASTICSEARCH_PORT $ELASTICSEARCH_TRANSPORT_PORT"; }

java_home() { java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p'; }

start() {
  mkdir "$RUN/tmp"
  cp -r "$DISTRIBUTION/config" "$RUN/config"
  cat >"$RUN/config/jvm.options" <<'OPTIONS'
-Xms128m
-Xmx512m
-XX:+UseSerialGC
-XX:+ExitOnOutOfMemoryError
-Djava.io.tmpdir=${ES_TMPDIR}
OPTIONS
  # Its watermarks would refuse to allocate, and to merge, on a disk that is nearly full, as a developer's may be.
  launch elasticsearch "${UNPRIVILEGED[@]}" env \
    ES_JAVA_HOME="$(java_home)" ES_PATH_CONF="$RUN/config" ES_TMPDIR="$RUN/tmp" \
    "$DISTRIBUTION/bin/elasticsearch" -E network.host=127.0.0.1 -E http.port="$ELASTICSEARCH_PORT" \
    -E transport.port="$ELASTICSEARCH_TRANSPORT_PORT" -E discovery.type=single-node \
    -E path.data="$RUN/data" -E path.logs="$RUN/logs" -E xpack.security.enabled=false \
    -E cluster.routing.allocation.disk.threshold_enabled=false -E indices.merge.disk.check_interval=0
}

stop() { terminate TERM; }

ready() { curl --silent --fail --max-time 5 "http://127.0.0.1:$ELASTICSEARCH_PORT/_cluster/health"; }

environment() {
  echo "KAREN_TEST_ELASTICSEARCH_URL=http://127.0.0.1:$ELASTICSEARCH_PORT"
  echo "KAREN_TEST_ELASTICSEARCH_DATA=$RUN/data"
}
