/** «Did you mean»: the known word that is nearest to a misspelt one, where one is near. */

/** At most this share of a word's letters may differ. */
const NEAR = 0.4;

export function suggest(word: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.max(1, Math.floor(word.length * NEAR)) + 1;
  for (const candidate of known) {
    const distance = candidate.startsWith(word) && word.length > 1 ? 1 : edits(word, candidate);
    const nearer = distance < least || (distance === least && best !== null && off(candidate, word) < off(best, word));
    if (nearer) [best, least] = [candidate, distance];
  }
  return best;
}

/** Of two that are equally near, the one of nearer length is meant. */
const off = (candidate: string, word: string): number => Math.abs(candidate.length - word.length);

/** Letters to insert, remove, replace or swap with their neighbour. */
function edits(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, rows[i - 2]![j - 2]! + 1);
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
