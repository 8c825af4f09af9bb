#!/bin/bash
# The entry point of the container: the runner's network first, then our endpoint. Its exit status is
# what the runner sees: 127 for a TESTCASE that it does not know.
/setup.sh

if [ "$ROLE" == "client" ]; then
  /wait-for-it.sh sim:57832 -s -t 30
fi

exec deno run -A --cached-only --frozen --config /mpquic/deno.json /mpquic/tests/interop/endpoint.ts
