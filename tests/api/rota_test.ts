import assert from "node:assert/strict";
import { Rota } from "../../src/api/rota.ts";

function rotaOf(count: number): Rota {
  const rota = new Rota(count);
  for (let number = 0; number < count; number++) rota.assign(number, number);
  return rota;
}

function countOf(turns: readonly number[], number: number): number {
  return turns.filter((each) => each === number).length;
}

Deno.test("Rota.turns has each worker as often as the others", () => {
  const { turns } = rotaOf(5);
  for (let number = 0; number < 5; number++) assert.equal(countOf(turns, number), turns.length / 5);
});

Deno.test("Rota.suspend() gives the share of a worker to others, and changes no other share", () => {
  const rota = rotaOf(5);
  const before = rota.turns;
  rota.suspend(2);
  const { turns } = rota;
  assert.equal(countOf(turns, 2), 0);
  for (const [i, number] of before.entries()) if (number !== 2) assert.equal(turns[i], number);
  assert.deepEqual(new Set(turns), new Set([0, 1, 3, 4]));
  rota.assign(rota.shareOf(2), 2);
  assert.deepEqual(rota.turns, before);
});

Deno.test("Rota.assign() gives a successor the share of a worker, and nothing else", () => {
  const rota = rotaOf(3);
  const before = rota.turns;
  rota.assign(rota.shareOf(1), 4);
  assert.deepEqual(rota.turns, before.map((number) => number === 1 ? 4 : number));
  assert.deepEqual(rota.numbers, [0, 4, 2]);
});

Deno.test("Rota.turns has workers that are missing where there is no other", () => {
  const rota = rotaOf(2);
  rota.suspend(0);
  rota.suspend(1);
  assert.deepEqual(new Set(rota.turns), new Set([0, 1]));
});
