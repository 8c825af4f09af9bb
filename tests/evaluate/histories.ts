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
  const row = (name: string, value: number): Row => ({
    scenario: "T22",
    name,
    unit: "",
    results: new Map([[OURS, value]]),
    target: 0,
  });
  const seeds = failed.length > 0 ? ` (seeds ${failed.slice(0, 10).join(", ")})` : "";
  yield row(
    `${count} random path histories that stall, lose or double a byte${seeds}`,
    failed.length,
  );
  yield row(`of ${Math.ceil(count / 10)} run twice, those whose traces differ`, different);
}
