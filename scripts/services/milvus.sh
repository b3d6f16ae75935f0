# shellcheck shell=bash
# Milvus Lite, whose server speaks Milvus's gRPC protocol.

install() { python_packages "$KEPT/python" scripts/services/milvus.requirements.txt; }

ports() { echo "$MILVUS_PORT"; }

start() {
  launch milvus "$KEPT/python/bin/milvus-lite" server --data-dir "$RUN/data" --host 127.0.0.1 --port "$MILVUS_PORT"
}

stop() { terminate TERM; }

ready() {
  "$KEPT/python/bin/python" - "127.0.0.1:$MILVUS_PORT" <<'PYTHON'
import grpc, sys

channel = grpc.insecure_channel(sys.argv[1])
channel.unary_unary("/milvus.proto.milvus.MilvusService/GetVersion")(b"", timeout=5)
PYTHON
}

environment() {
  echo "KAREN_TEST_MILVUS_URL=http://127.0.0.1:$MILVUS_PORT"
  echo "KAREN_TEST_MILVUS_DATA=$RUN/data"
}
