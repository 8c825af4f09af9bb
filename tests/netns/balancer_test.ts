import assert from "node:assert/strict";
import { whyNotNative } from "../io/native/tier.ts";
import type { BalancedView } from "./balanced_client.ts";
import { rules, rulesOfThree, rulesTo, SERVERS, Site, THIRD } from "./balanced_site.ts";
import { hasNftables, whyNoNamespaces } from "./testbed.ts";

const reason = await whyNoNamespaces();
const ignore = reason !== undefined || !hasNftables;

function namesOf(views: readonly BalancedView[]): string[] {
  return views.map(({ server, worker }) => `${server} ${worker}`);
}

Deno.test(
  { name: "nftables as docs/scale.md says keeps all paths of a connection at its worker", ignore },
  async () => {
    await using site = await Site.make();
    const views = await site.order({ connect: 16 });
    assert.ok(views.every(({ isRight }) => isRight), "every byte is right");
    assert.ok(views.every(({ bytes }) => bytes.length === 2 && bytes.every((each) => each > 0)));
    assert.deepEqual([...new Set(views.map(({ server }) => server))].sort(), SERVERS);
    const names = namesOf(views);
    // Where sockets cannot be shared each server has one worker.
    const least = whyNotNative === undefined ? 3 : 2;
    assert.ok(new Set(names).size >= least, "workers of both servers");
    assert.deepEqual(namesOf(await site.order({})), names);
    assert.deepEqual(namesOf(await site.order({ migrate: true })), names, "moved paths");

    // The first server gets no more new clients, and keeps those it has.
    const second = SERVERS[1]!;
    await site.steer(rulesTo(second));
    const later = await site.order({ connect: 8 });
    assert.ok(later.every(({ isRight }) => isRight));
    assert.deepEqual(namesOf(later).slice(0, 16), names);
    assert.deepEqual([...new Set(later.slice(16).map(({ server }) => server))], [second]);
  },
);

Deno.test(
  {
    name: "Servers behind nftables resume each other's sessions, and read 0-RTT data once",
    ignore,
  },
  async (t) => {
    await using site = await Site.make();
    const [one, two] = SERVERS as [string, string];
    const visit = async (server: string, note: string, session?: number) => {
      await site.steer(rulesTo(server));
      const answer = await site.visit(note, session);
      assert.equal(answer.server, server);
      return answer;
    };

    let kept = -1;
    await t.step("sessions of one server at the other", async () => {
      const first = await visit(one, "first");
      assert.deepEqual([first.isResumed, first.isEarly], [false, false]);
      const elsewhere = await visit(two, "elsewhere", first.session);
      assert.deepEqual([elsewhere.isResumed, elsewhere.isEarly], [true, false], "refused rightly");
      const again = await visit(one, "again", first.session);
      assert.deepEqual([again.isResumed, again.isEarly], [true, true], "accepted");
      kept = again.session;
      // What the client sent first comes again, from another port, to both workers of both servers.
      for (const server of [two, one]) {
        await site.steer(rulesTo(server));
        for (let i = 0; i < 8; i++) await site.order({ replay: true });
      }
      for (const server of [two, one]) await visit(server, "later");
      const notes = [
        `first ${one}`,
        `elsewhere ${two}`,
        `again ${one}`,
        `later ${two}`,
        `later ${one}`,
      ];
      assert.deepEqual(site.notes, notes, "each request was read once");
    });

    await t.step("a third server under load", async () => {
      await site.steer(rules());
      const before = namesOf(await site.order({ connect: 12 }));
      let isOver = false;
      const transfers = site.order({ size: 4_000_000 }).finally(() => isOver = true);
      await site.start(THIRD);
      await site.steer(rulesOfThree());
      assert.ok(!isOver, "transfers run meanwhile");
      const views = await transfers;
      assert.ok(views.every(({ isRight }) => isRight), "no transfer is cut");
      assert.deepEqual(namesOf(views), before);
      const after = await site.order({ connect: 12 });
      assert.ok(after.every(({ isRight }) => isRight));
      assert.deepEqual(namesOf(after).slice(0, before.length), before, "all keep their servers");
      assert.ok(after.some(({ server }) => server === THIRD), "the third has new clients");
    });

    await t.step("a server that is killed and started again", async () => {
      const before = await site.order({});
      const transfers = site.order({ size: 2_000_000 });
      await site.kill(one);
      await site.start(one);
      const startedAt = performance.now();
      const after = await transfers;
      const seconds = (performance.now() - startedAt) / 1_000;
      assert.ok(seconds < 20, `its clients learn of it, after ${seconds.toFixed(1)} s`);
      const wanted = before.map(({ server, worker }) =>
        server === one ? " " : `${server} ${worker}`
      );
      assert.deepEqual(namesOf(after), wanted, "the connections of the others stay");
      assert.ok(wanted.includes(" "));
      assert.ok(after.every(({ isRight, server }) => isRight === (server !== "")));
      const next = await visit(one, "next", kept);
      assert.deepEqual([next.isResumed, next.isEarly], [true, false], "sessions stay, 0-RTT ends");
    });
  },
);
