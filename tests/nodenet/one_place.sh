#!/bin/sh
# Only node/net/sock_secure.c binds or connects sockets of libzmq to the network, and nothing else
# in node/net or below node/ makes a socket that is not inproc. $1: the root of the sources.
set -eu
cd "$1"
found=$(grep -rlE 'zmq_(bind|connect)[[:space:]]*\(' --include='*.c' --include='*.h' node lib keys topology |
        grep -v '^node/net/sock_secure\.c$' || true)
bad=
for f in $found; do
  # The loop's own inproc sockets are no way in from outside.
  if grep -nE 'zmq_(bind|connect)[[:space:]]*\(' "$f" | grep -vq 'inproc://'; then
    bad="$bad $f"
  fi
done
if [ -n "$bad" ]; then
  echo "zmq_bind or zmq_connect outside node/net/sock_secure.c:$bad" >&2
  exit 1
fi
if grep -lE 'zmq_socket[[:space:]]*\(' node/net/*.c | grep -v '^node/net/sock_secure\.c$'; then
  echo "zmq_socket outside node/net/sock_secure.c" >&2
  exit 1
fi
