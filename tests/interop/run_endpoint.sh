#!/bin/bash
# The entry point of the container: the runner's network first, then our endpoint.
set -e

/setup.sh

if [ "$ROLE" == "client" ]; then
  /wait-for-it.sh sim:57832 -s -t 30
fi

exec deno run -A --cached-only --config /mpquic/deno.json /mpquic/tests/interop/endpoint.ts
