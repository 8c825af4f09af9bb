import assert from "node:assert/strict";
import { Failure } from "../../cli/console/failure.ts";
import { Retry } from "../../cli/get/retry.ts";

Deno.test("nothing is tried again once the run has ended, as by --max-time", () => {
  const choices = {
    retry: 3,
    retryDelay: 5,
    retryMaxTime: undefined,
    retryRefused: true,
    retryAll: true,
  };
  const ending = new AbortController();
  const retry = new Retry(choices, ending.signal);
  const late = new Failure("Cannot finish in 2 s; allow more", 1, 28);
  assert.equal(retry.next(late, true), 5);
  ending.abort();
  assert.equal(retry.next(late, true), undefined);
});
