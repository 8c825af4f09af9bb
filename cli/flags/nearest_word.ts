// Finds the word that was meant by one that is not known.

/**
 * The known word that is nearest to what was written; undefined if none is near enough.
 *
 * @param written What was written.
 * @param known The known words; of equally near ones the first counts.
 */
export function nearestWord(written: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = written.length > 4 ? 4 : 2; // from there on it is another word
  for (const word of known) {
    const isBeginning = written.length > 1 && word.startsWith(written);
    const distance = isBeginning ? 1 : editDistance(written, word);
    if (distance >= Math.min(least, word.length)) continue;
    least = distance;
    best = word;
  }
  return best;
}

/** How many letters have to be added, left out, changed or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const above = rows[i - 1]!;
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(change, swap, above[j]! + 1, row[j - 1]! + 1));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
