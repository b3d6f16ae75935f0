#!/usr/bin/env bash
# What strangers' tools find at a running server: slow clients shut nobody out, and TLS is as it should be.
# Prints a line for each claim; ends with 1 if one does not hold.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=/dev/null
. scripts/install.sh
provide slowhttptest slowhttptest
provide testssl testssl.sh
provide openssl openssl
python_packages "${XDG_CACHE_HOME:-$HOME/.cache}/karen/attack" tests/attack.txt
sslyze=${XDG_CACHE_HOME:-$HOME/.cache}/karen/attack/bin/sslyze

place=$(mktemp -d)
servers=()
end() {
  [ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null || true
  rm -rf "$place"
}
trap end EXIT

failures=0
claim() {
  local said=$1
  shift
  if "$@"; then echo "ok $said"; else echo "FAILED $said"; failures=$((failures + 1)); fi
}

# Starts a server with these arguments; its address is what it says.
serve() {
  local name=$1
  shift
  "$CARGO_TARGET_DIR/debug/karen-server" --data-dir "$place/$name" --listen 127.0.0.1:0 "$@" serve >"$place/$name.out" 2>"$place/$name.err" &
  servers+=($!)
  for _ in $(seq 300); do
    grep -q 'listens on' "$place/$name.out" && break
    sleep 0.1
  done
  address=$(sed -n 's/.*listens on //p' "$place/$name.out")
}

# Whether 300 slow clients leave room for others, and are gone in the end.
outlasts() {
  slowhttptest "$@" -c 300 -r 100 -i 5 -l 30 -p 3 >"$place/slow" 2>&1 || true
  sed 's/\x1b\[[0-9;]*m//g' "$place/slow" | grep -q 'service available: *YES'
}

serve plain
claim "slow headers shut nobody out" outlasts -H -u "$address/livez"
claim "slow bodies shut nobody out" outlasts -B -s 8192 -t POST -u "$address/api/v1/auth/login"
claim "slow readers shut nobody out" outlasts -X -u "$address/openapi.json"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout "$place/key.pem" -out "$place/certificate.pem" 2>/dev/null
serve tls --set server.public_url=https://localhost --set "server.tls_certificate=$place/certificate.pem" \
  --set "server.tls_key=$place/key.pem"
host=${address#*://}

# sslyze judges by Mozilla's table; that nobody vouches for the test's certificate is no finding.
is_intermediate() {
  "$sslyze" --mozilla_config=intermediate "$host" >"$place/sslyze" 2>&1 || true
  ! sed -n '/COMPLIANCE AGAINST/,$p' "$place/sslyze" | grep '^ *\*' | grep -v -i certificate
}
claim "TLS is as Mozilla recommends (sslyze)" is_intermediate

# testssl: no known hole, and nothing old. BREACH takes an answer with a secret that another site has asked for:
# what testssl sees compressed is the page, which is the same for everybody, and cookies are strict.
is_whole() {
  testssl --quiet --color 0 --warnings batch --severity MEDIUM -p -s -f -U --jsonfile "$place/testssl.json" "$host" \
    >/dev/null 2>&1 || true
  python3 - "$place/testssl.json" <<'PYTHON'
import json, sys

bad = ("MEDIUM", "HIGH", "CRITICAL")
found = [one for one in json.load(open(sys.argv[1])) if one["severity"] in bad and one["id"] != "BREACH"]
print(*(f"  {one['id']}: {one['finding']}" for one in found), sep="\n", end="")
sys.exit(bool(found))
PYTHON
}
claim "TLS has no known hole (testssl)" is_whole

exit "$((failures > 0))"
