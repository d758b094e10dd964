#!/usr/bin/env bash
# Rules of the sources that no compiler checks. $1: the root of the sources. Prints every line that
# breaks one, and then fails.
# shellcheck disable=SC2016 # Programs of awk stand in single quotes.
set -uo pipefail
shopt -s lastpipe # The last part of a pipe is this shell, so that refuse() can set what follows.
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}" || exit 2

bad=0
# refuse RULE: fails when there is anything on standard input, and shows it.
refuse() {
  local lines
  lines=$(cat)
  if [[ -n $lines ]]; then
    printf '%s\n%s\n\n' "$1" "$lines" >&2
    bad=1
  fi
}

# code PATTERN PATH...: lines of C that match, comments and strings aside.
code() {
  local pattern=$1
  shift
  find "$@" -name '*.[ch]' -print0 | sort -z | xargs -0 awk -v pattern="$pattern" '
    FNR == 1 { inside = 0 }
    {
      line = $0
      gsub(/\\./, "", line)
      gsub(/"[^"]*"/, "\"\"", line)
      if (inside) {
        if (line !~ /\*\//) next
        sub(/^.*\*\//, "", line)
        inside = 0
      }
      gsub(/\/\*[^*]*\*+([^\/*][^*]*\*+)*\//, "", line)
      sub(/\/\/.*/, "", line)
      if (line ~ /\/\*/) { sub(/\/\*.*/, "", line); inside = 1 }
      if (line ~ pattern) print FILENAME ":" FNR ": " $0
    }'
}

# includes PATTERN PATH...: include lines that match.
includes() {
  local pattern=$1
  shift
  grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($pattern)" --include='*.[ch]' "$@"
}

call() { printf '(^|[^A-Za-z0-9_.>])(%s)[ \t]*[(]' "$1"; }

# Arrows point down only: lib <- keys <- topology <- node.
includes '(\.\./)*(keys|topology|node|net)/' lib | refuse "lib includes what stands above it:"
includes '(\.\./)*(topology|node|net)/' keys | refuse "keys includes what stands above it:"
includes '(\.\./)*(node|net)/|zmq|lmdb' topology | refuse "topology includes node, ZeroMQ or LMDB:"
includes 'zmq' lib keys | refuse "ZeroMQ outside node:"
includes 'lmdb' keys node | refuse "LMDB outside lib/store and lib/query:"
includes 'lmdb' lib | grep -vE '^lib/(store|query)/' | refuse "LMDB outside lib/store and lib/query:"
includes 'tests/' lib keys topology node | refuse "the program includes what belongs to tests:"

# Calls that are never right: unbounded, or of a shell, or of another reader of untrusted bytes.
code "$(call 'sprintf|vsprintf|strcpy|stpcpy|strcat|gets|strtok|system|popen|alloca|atoi|atol')" \
  lib keys topology node | refuse "calls that are not allowed:"
code "$(call 'msgpack_unpack[a-z_]*|msgpack_unpacker[a-z_]*')" lib keys topology node tests |
  refuse "untrusted msgpack is read by lib/wire alone:"
code "$(call 'sleep|usleep|nanosleep|clock_nanosleep')" lib keys topology node tests |
  refuse "nothing waits by sleeping:"
code "$(call 'rand|srand|srandom|drand48')" lib keys topology node |
  refuse "random bytes come from libsodium:"
code "$(call 'time|clock_gettime|gettimeofday|socket|randombytes_buf')" topology |
  refuse "topology knows no clock, socket or random bytes of its own:"

# One place makes sockets that the network reaches.
code "$(call 'zmq_bind|zmq_connect')" lib keys topology node | grep -v '^node/net/sock_secure\.c:' |
  while IFS= read -r line; do
    file=${line%%:*} rest=${line#*:}
    # The loop's own inproc sockets are no way in from outside.
    sed -n "${rest%%:*}p" "$file" | grep -q 'inproc://' || printf '%s\n' "$line"
  done | refuse "zmq_bind and zmq_connect belong to node/net/sock_secure.c:"

grep -rn '_GNU_SOURCE' lib keys topology --include='*.[ch]' --include=CMakeLists.txt |
  refuse "_GNU_SOURCE belongs to node and tests:"
grep -rnwE 'TODO|FIXME|XXX' --include='*.[ch]' --include=CMakeLists.txt --include='*.cmake' \
  lib keys topology node tests cmake CMakeLists.txt | refuse "what is open stands in an issue, not in the code:"

# Every file says in its first line what it is.
find lib keys topology node -name '*.[ch]' -print0 | sort -z |
  xargs -0 awk 'FNR == 1 && !/^\/\* [^:]+: / { print FILENAME ": " $0 }' |
  refuse "the first line of a file is /* noun: what it is. */:"
find lib keys topology node -name '*.[ch]' -print0 | sort -z | xargs -0 awk '
  FNR == 1 && file { if (last > 500) print file ": " last " lines" }
  { file = FILENAME; last = FNR }
  END { if (last > 500) print file ": " last " lines" }' |
  refuse "files have at most 500 lines:"

exit "$bad"
