import { BACK, MessageHistory } from "../sim/message_history.ts";
import { PathHistory } from "../sim/path_history.ts";
import { OURS, type Row } from "./row.ts";

/** T22: connections whose paths come, go, move and fail at random. */
export function* pathHistories(count: number): Generator<Row> {
  const failed: number[] = [];
  let different = 0;
  for (let seed = 1; seed <= count; seed++) {
    const history = new PathHistory(seed);
    try {
      history.run();
    } catch {
      failed.push(seed);
    }
    if (seed % 10 !== 1) continue;
    const again = new PathHistory(seed);
    try {
      again.run();
    } catch {
      // Counted above.
    }
    if (again.trace !== history.trace) different++;
  }
  yield row(
    `${count} random path histories that stall, lose or double a byte${listed(failed)}`,
    failed.length,
  );
  yield row(`of ${Math.ceil(count / 10)} run twice, those whose traces differ`, different);
  yield* messageHistories(Math.ceil(count / 10));
}

/** Connections whose links fail in all ways while small messages go on. */
function* messageHistories(count: number): Generator<Row> {
  const failed: number[] = [];
  for (let seed = 1; seed <= count; seed++) {
    const history = new MessageHistory(seed);
    try {
      history.run();
      if (history.longest > BACK || history.excess > 0) failed.push(seed);
    } catch {
      failed.push(seed);
    }
  }
  yield row(
    `${count} random message histories in which one is late though a link works${listed(failed)}`,
    failed.length,
  );
}

function row(name: string, value: number): Row {
  return { scenario: "T22", name, unit: "", results: new Map([[OURS, value]]), target: 0 };
}

function listed(failed: readonly number[]): string {
  return failed.length > 0 ? ` (seeds ${failed.slice(0, 10).join(", ")})` : "";
}
