import assert from "node:assert/strict";
import { nameByServer } from "../../cli/get/remote_name.ts";
import { Failure } from "../../cli/console/failure.ts";
import { fieldValue } from "../../cli/http/field_text.ts";

const name = (field: string) =>
  nameByServer(new Headers({ "content-disposition": fieldValue(field) }));

Deno.test("nameByServer() reads the name that the server gives, quoted or not", () => {
  assert.equal(nameByServer(new Headers()), undefined);
  assert.equal(name("attachment"), undefined);
  assert.equal(name("attachment; filename=a.txt"), "a.txt");
  assert.equal(name("attachment; filename=a b.txt ; x=y"), "a b.txt");
  assert.equal(name('attachment; filename="a; \\"b\\".txt"; x=y'), 'a; "b".txt');
  assert.equal(name("attachment;filename='a;b'"), "a;b");
  assert.equal(name('attachment; x="filename=no"; filename=yes'), "yes");
  assert.equal(name("attachment; filename*=UTF-8''no"), undefined);
  assert.equal(name("filename=größe"), "größe");
});

Deno.test("nameByServer() never gives a path, a hidden file or characters that do something", () => {
  assert.equal(name('attachment; filename="../../etc/passwd"'), "passwd");
  assert.equal(name("filename=/abs/olute"), "olute");
  assert.equal(name("filename=C:\\dir\\file.exe"), "file.exe");
  assert.equal(name("filename=.bashrc"), "_bashrc");
  assert.equal(name("filename=a\u001b[31m\u202etxt.exe"), "a_[31m_txt.exe");
  for (const nothing of ['filename=""', "filename=..", "filename=a/", "filename=.", "filename="]) {
    assert.throws(
      () => name(nothing),
      (error) => error instanceof Failure && error.curlCode === 23,
      nothing,
    );
  }
});
