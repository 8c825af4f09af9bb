import assert from "node:assert/strict";
import { join } from "node:path";

// The tables of constants in the documents name what the code has, with its values.

const root = join(import.meta.dirname!, "../..");

/** A row of a table of constants. */
interface Row {
  readonly file: string;
  readonly name: string;
  readonly value: string;
  readonly why: string;
}

function rowsOf(document: string): Row[] {
  const text = Deno.readTextFileSync(join(root, document));
  const rows = text.matchAll(/^\| `(\S+\.ts)` +\| `([A-Z_]+)` +\| (.*?) +\| (.*?) +\|$/gm);
  return Array.from(rows, ([, file, name, value, why]) => {
    return { file: file!, name: name!, value: value!, why: why! };
  });
}

/** The same of a list: "- `NAME` = 1, `OTHER` = 2 (`file.ts`). What they rest on." */
function itemsOf(document: string, folder: string): Row[] {
  const text = Deno.readTextFileSync(join(root, document)).replace(/\n {2}/g, " ");
  const items = text.matchAll(/^- ((?:`[A-Z_]+` = [\d._]+(?:, )?)+) \(`(\S+\.ts)`\)\. (.*)$/gm);
  return Array.from(items).flatMap(([, constants, file, why]) =>
    Array.from(constants!.matchAll(/`([A-Z_]+)` = ([\d._]+)/g), ([, name, value]) => {
      return { file: join(folder, file!), name: name!, value: value!, why: why! };
    })
  );
}

/** The constants of a file that are numbers, as "name = value". */
function numbersIn(file: string): string[] {
  const text = Deno.readTextFileSync(join(root, "src", file));
  return Array.from(
    text.matchAll(/^(?:export )?const ([A-Z_]+) = (\d[^;]*);/gm),
    ([, name, value]) => `${name} = ${value}`,
  );
}

const listed = [
  ["docs/scheduling.md", rowsOf("docs/scheduling.md"), 28],
  ["docs/congestion.md", itemsOf("docs/congestion.md", "congestion"), 16],
] as const;

for (const [document, rows, count] of listed) {
  Deno.test(`the constants in ${document} are those of the code`, () => {
    assert.equal(rows.length, count);
    for (const { file, name, value, why } of rows) {
      assert.ok(numbersIn(file).includes(`${name} = ${value}`), `${file}: ${name} = ${value}`);
      assert.ok(why.length > 10, `${name}: what it rests on`);
    }
  });
}

Deno.test("docs/scheduling.md has every number that schedulers and copies rest on", () => {
  const rows = rowsOf("docs/scheduling.md").map(({ file, name }) => `${file} ${name}`);
  const files = [...Deno.readDirSync(join(root, "src/scheduler"))].map(({ name }) =>
    `scheduler/${name}`
  );
  files.push("connection/send/reinjector.ts", "connection/send/copy_queue.ts");
  const found = files.flatMap((file) =>
    numbersIn(file).map((number) => `${file} ${number.split(" ")[0]}`)
  );
  assert.ok(found.length > 18, found.join());
  assert.deepEqual(found.filter((one) => !rows.includes(one)), []);
});
