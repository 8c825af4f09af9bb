import assert from "node:assert/strict";
import { proxyHandlers } from "../../src/proxy/proxy_handlers.ts";
import { ProxyUsers } from "../../src/proxy/proxy_users.ts";
import { hashOf, line, token } from "./far_side.ts";

Deno.test("ProxyUsers reads names and hashes, and says which line is wrong", async () => {
  const otto = `otto:${(await hashOf("o")).toUpperCase()}`;
  const users = new ProxyUsers(`# people\r\n\r\n${line}\r\n${otto}\n`);
  assert.equal(users.identify(`Bearer ${token}`)?.name, "anna");
  assert.equal(users.identify("bearer o")?.name, "otto");
  for (const text of ["", "# no user\n"]) {
    assert.throws(() => new ProxyUsers(text), /without users/);
  }
  for (const bad of ["anna", "anna:12", `:${line.split(":")[1]}`, `${line}0`, `an na${line}`]) {
    assert.throws(() => new ProxyUsers(`${line}\n${bad}`), /Cannot read line 2/, bad);
  }
});

Deno.test("ProxyUsers knows no user by other credentials", () => {
  const users = new ProxyUsers(line);
  const hash = line.split(":")[1]!;
  const basic = (text: string) => `Basic ${btoa(text)}`;
  const wrong = [
    null,
    "",
    "Bearer",
    `Bearer ${hash}`,
    token,
    `Digest ${token}`,
    "Basic !",
    "Basic",
  ];
  const names = [basic(token), basic(`otto:${token}`), basic(`anna:${token}x`), basic("anna:")];
  for (const field of [...wrong, ...names, `Bearer ${token} x`]) {
    assert.equal(users.identify(field), undefined, `${field}`);
  }
  assert.equal(users.identify(basic(`anna:${token}`))?.name, "anna");
});

Deno.test("ProxyUsers knows users by certificates that are on the list, and by no token of theirs", () => {
  const users = new ProxyUsers(`${line}\notto.example:certificate`);
  assert.equal(users.identify(null, "otto.example")?.name, "otto.example");
  assert.equal(users.identify(null, "anna"), undefined, "anna has a token");
  assert.equal(users.identify(null, "other.example"), undefined);
  assert.equal(users.identify(`Bearer ${token}`, "otto.example")?.name, "anna");
  assert.equal(users.identify("Bearer wrong", "otto.example"), undefined, "what is shown counts");
  for (const field of ["", "certificate", "Bearer certificate", `Basic ${btoa("otto.example:")}`]) {
    assert.equal(users.identify(field), undefined, field);
  }
  const before = users.identify(null, "otto.example")!;
  users.update(line);
  assert.ok(before.removed.aborted);
});

Deno.test("ProxyUsers.update() ends those whose token is gone, and no others", async () => {
  const users = new ProxyUsers(line);
  const before = users.identify(`Bearer ${token}`)!;
  users.update(`${line}\notto:${await hashOf("o")}`);
  assert.equal(before.removed.aborted, false);
  assert.equal(users.identify(`Bearer ${token}`), before);
  users.update(`anna:${await hashOf("another token")}`);
  assert.equal(before.removed.aborted, true);
  assert.equal(users.identify(`Bearer ${token}`), undefined);
});

Deno.test("a proxy does not start without users", () => {
  assert.throws(() => proxyHandlers({} as never), /without users/);
  assert.throws(() => proxyHandlers({ users: "all", name: "a b" }), /token/);
  assert.throws(() => proxyHandlers({ users: "all", allow: ["ten"] }), /network "ten"/);
});
