import { citationsOfSources, mustSections, readExceptions, sections } from "./citations.ts";

/*
 * `deno run -R tests/spec/main.ts` lists every section that says MUST, and where it is met: the
 * files that cite it, or the reason why there is none.
 */
const { citations } = citationsOfSources();
const exceptions = readExceptions();
for (const [standard, numbers] of Object.entries(mustSections)) {
  for (const section of numbers) {
    const files = citations.filter((one) => one.standard === standard && one.section === section)
      .map(({ path }) => path);
    const exception = exceptions.get(`${standard}, ${section}`);
    const where = [...new Set(files)];
    if (exception) where.push(`${exception.heading}: ${exception.reason}`);
    write(`${standard}, Section ${section} (${sections[standard]![section]})\n`);
    for (const place of where) write(`  ${place}\n`);
  }
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
