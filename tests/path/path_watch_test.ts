import assert from "node:assert/strict";
import { Health } from "../../src/path/health/lifecycle.ts";
import type { Path } from "../../src/path/path.ts";
import { PathWatch } from "../../src/path/path_watch.ts";
import { TestPaths } from "./fakes.ts";

/** A watch over three open paths that may be silent for seven seconds, and what streams lack. */
function watched() {
  const t = new TestPaths();
  const paths = [t.set.find(0)!, t.open(0, 2), t.open(0, 3)];
  const context = { gapMark: 0, pathIdleTimeout: 7_000 };
  return { paths, context, watch: new PathWatch(paths, context, true) };
}

/** The same, each half a second after something came by another path. */
function silenceBeside(
  watch: PathWatch,
  path: Path,
  other: Path,
  count: number,
  from: number,
): boolean[] {
  return Array.from({ length: count }, (_, i) => {
    watch.onSeen(other, from + 1_000 * i - 500);
    return silence(watch, path, 1, from + 1_000 * i)[0]!;
  });
}

/** So many probe timeouts, a second apart; whether the path was to be abandoned, each time. */
function silence(watch: PathWatch, path: Path, count: number, from: number): boolean[] {
  return Array.from({ length: count }, (_, i) => {
    path.loss.ptoCount++;
    return watch.onSilence(path, from + 1_000 * i);
  });
}

Deno.test("PathWatch.onSilence() doubts a path while another is healthy, and gives up in the end", () => {
  const { paths: [path, other], watch } = watched();
  assert.deepEqual(silence(watch, path!, 3, 1_000), [false, false, false]);
  assert.equal(path!.health, Health.Suspect);
  assert.equal(path!.slot.status.pending, true);
  assert.ok(!silenceBeside(watch, path!, other!, 7, 4_000).includes(true));
  assert.deepEqual(silenceBeside(watch, path!, other!, 1, 11_000), [true]);
  path!.onAnswered(0, 12_000);
  assert.equal(path!.health, Health.Ok);
});

Deno.test("PathWatch.onSilence() counts the silence of a path only while another shows life", () => {
  const { paths: [path, other, third], watch } = watched();
  third!.close();
  silenceBeside(watch, path!, other!, 5, 1_000);
  assert.ok(!silence(watch, path!, 100, 6_000).includes(true), "a tunnel");
  assert.equal(silenceBeside(watch, path!, other!, 20, 200_000).indexOf(true), 7);
});

Deno.test("PathWatch.onSilence() asks paths that rest whether they work", () => {
  const { paths: [path, other, busy], watch } = watched();
  busy!.space.elicitingInFlight = 3;
  silence(watch, path!, 1, 1_000);
  assert.deepEqual([other!, busy!].map(({ space }) => space.probes), [0, 0]);
  silence(watch, path!, 1, 2_000);
  assert.deepEqual([path!, other!, busy!].map(({ space }) => space.probes), [0, 1, 0]);
});

Deno.test("PathWatch.onSeen() relies no more on a silent path when another answers", () => {
  const { paths: [path, other, third], watch } = watched();
  third!.close();
  watch.onSeen(path!, 900);
  silence(watch, other!, 1, 1_000);
  silence(watch, path!, 1, 1_010);
  assert.deepEqual([path!.health, other!.health], [Health.Ok, Health.Suspect]);
  watch.onSeen(other!, 5_000);
  assert.equal(path!.health, Health.Ok, "what arrives there need not mean that we are heard");
  other!.onAnswered(1, 5_010);
  watch.onSeen(other!, 5_010);
  assert.deepEqual([path!.health, other!.health], [Health.Suspect, Health.Ok]);
});

Deno.test("PathWatch.onSilence() gives up nothing while no other path shows more life", () => {
  const { paths, watch } = watched();
  for (const path of paths) watch.onSeen(path, 900);
  for (const path of paths) assert.ok(!silence(watch, path, 20, 1_000).includes(true));
  assert.equal(paths.filter(({ health }) => health === Health.Ok).length, 1);
});

Deno.test("PathWatch.onSilence() relies on one path after the other while none answers", () => {
  const { paths: [first, second, third], watch } = watched();
  for (const path of [first!, second!, third!]) watch.onSeen(path, 900);
  const relied = () => [first!, second!, third!].findIndex(({ health }) => health === Health.Ok);
  silence(watch, second!, 1, 1_000);
  silence(watch, third!, 1, 1_001);
  const turns = Array.from({ length: 13 }, (_, i) => {
    for (const path of [first!, second!, third!]) silence(watch, path, 1, 1_010 + 100 * i);
    return relied();
  });
  assert.deepEqual(new Set(turns), new Set([0, 1, 2]));
  assert.deepEqual(turns.slice(0, 3), [0, 0, 0]);
});

Deno.test("PathWatch.onSilence() relies on the path that was seen last, whichever was doubted", () => {
  const { paths: [first, second, third], watch } = watched();
  third!.close();
  watch.onSeen(first!, 1_000);
  watch.onSeen(second!, 9_000);
  silence(watch, second!, 1, 10_000);
  assert.equal(second!.health, Health.Suspect);
  silence(watch, first!, 1, 10_100);
  assert.deepEqual([first!.health, second!.health], [Health.Suspect, Health.Ok]);
});

Deno.test("PathWatch.onSilence() blames the path that the answers came by", () => {
  const { paths: [way, silent, third], watch } = watched();
  third!.close();
  for (const path of [way!, silent!]) path.onAnswered(0, 1_000);
  assert.ok(!silence(watch, silent!, 9, 1_200).includes(true), "its answers may be lost");
  assert.equal(silence(watch, way!, 9, 1_300).indexOf(true), 6);
  assert.equal(silent!.health, Health.Ok);
});

Deno.test("PathWatch.onSilence() does not blame it if something came by it since", () => {
  for (const isHeard of [true, false]) {
    const { paths: [way, silent, third], watch } = watched();
    third!.close();
    silence(watch, way!, 9, 1_000); // a tunnel
    if (isHeard) way!.onAnswered(0, 9_500);
    way!.loss.ptoCount = 9;
    silent!.onAnswered(0, isHeard ? 9_500 : 8_500);
    way!.life.answeredBy = 0;
    way!.life.seenAt = silent!.life.seenAt;
    assert.deepEqual(silence(watch, way!, 1, 10_000), [!isHeard]);
  }
});

Deno.test("PathWatch.isWitnessed() believes paths that answered before and after, and asks the others", () => {
  const { paths: [path, other, third], watch } = watched();
  third!.close();
  other!.onAnswered(1, 1_000);
  assert.equal(watch.isWitnessed(path!, 900), true);
  assert.equal(watch.isWitnessed(path!, 1_000), false, "all may have fallen silent since");
  assert.equal(other!.space.probes, 1);
  silence(watch, other!, 1, 2_000);
  other!.onAnswered(1, 9_000);
  assert.equal(watch.isWitnessed(path!, 8_000), false, "it was silent as well then");
  other!.onAnswered(1, 9_500);
  assert.equal(watch.isWitnessed(path!, 9_100), true);
});

Deno.test("PathWatch.onSilence() does not blame it for those that were silent before", () => {
  const { paths: [way, silent, third], watch } = watched();
  third!.close();
  silent!.onAnswered(0, 1_000);
  way!.onAnswered(0, 5_000);
  assert.ok(!silence(watch, way!, 20, 6_000).includes(true));
});

Deno.test("PathWatch.onAbandoned() expects the answers by the next path from then on", () => {
  const { paths: [way, next, last], watch } = watched();
  for (const path of [way!, next!, last!]) path.onAnswered(0, 1_000);
  for (const path of [next!, last!]) silence(watch, path, 3, 1_200);
  watch.onAbandoned(way!);
  way!.close();
  assert.ok(!silence(watch, last!, 9, 4_000).includes(true));
  assert.equal(silence(watch, next!, 9, 4_100).indexOf(true), 6);
});

Deno.test("PathWatch.onAbandoned() lets those begin again whose answers came by the path", () => {
  const { paths: [way, silent, other], watch } = watched();
  for (const path of [way!, silent!]) path.onAnswered(0, 1_000);
  other!.onAnswered(2, 1_000);
  for (const path of [silent!, other!]) silence(watch, path, 3, 1_200);
  watch.onAbandoned(way!);
  assert.deepEqual([silent!, other!].map(({ loss }) => loss.ptoCount), [0, 3]);
  assert.deepEqual([silent!, other!].map(({ life }) => life.silentSince), [Infinity, 1_200]);
});

Deno.test("PathWatch.onSilence() gives up sooner if the peer leaves a gap as it is", () => {
  for (
    const [gaps, patience] of [[[5, 5, 5, 5], 4], [[0, 0, 0, 0], 0], [[5, 6, 7, 8], 0]] as const
  ) {
    const { paths: [path, other], context, watch } = watched();
    watch.onSeen(other!, 60_000);
    const verdicts = gaps.map((gapMark, i) => {
      context.gapMark = gapMark;
      return silence(watch, path!, 1, 1_000 * (i + 1))[0];
    });
    assert.equal(verdicts.indexOf(true) + 1, patience);
  }
});

Deno.test("PathWatch.onSilence() leaves a gap be while no other path answers either", () => {
  const { paths: [path, other, third], context, watch } = watched();
  third!.close();
  context.gapMark = 5;
  watch.onSeen(path!, 1_000);
  watch.onSeen(other!, 4_000);
  silence(watch, other!, 1, 4_500);
  assert.ok(!silence(watch, path!, 50, 5_000).includes(true));
  assert.equal(silenceBeside(watch, path!, other!, 9, 100_000).indexOf(true), 3);
});

Deno.test("Path.onAnswered() sees no habit in answers that avoid a suspect path", () => {
  const { paths: [path, other], watch } = watched();
  silence(watch, path!, 1, 1_000);
  path!.onAnswered(1, 1_200);
  assert.equal(path!.life.answeredBy, -1);
  path!.onAnswered(1, 1_300);
  assert.equal(path!.life.answeredBy, 1);
  other!.slot.status.onStatus(7, false);
  other!.onAnswered(0, 1_400);
  assert.equal(other!.life.answeredBy, -1);
});

Deno.test("PathWatch.look() asks a quiet path for an answer if streams lack something", () => {
  const { paths: [busy, quiet, backup], context, watch } = watched();
  backup!.slot.status.set("backup");
  watch.onSeen(busy!, 500);
  assert.deepEqual([busy!, quiet!, backup!].map(({ life }) => life.lookAt), [
    Infinity,
    1_500,
    1_500,
  ]);
  watch.look(quiet!);
  assert.equal(quiet!.space.probes, 0);
  context.gapMark = 1;
  for (const path of [quiet!, backup!]) watch.look(path);
  assert.deepEqual([quiet!.space.probes, backup!.space.probes], [1, 0]);
  assert.equal(quiet!.life.lookAt, Infinity);
});
