/** The known name that a mistyped one is nearest to. */

/** How many letters differ; two that changed places count once. @param {string} a @param {string} b */
export function distance(a, b) {
  let [before, row] = [/** @type {number[]} */ ([]), Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1]));
      if (isSwapped) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}

/** ` Did you mean “x”?`, or nothing. @param {string} word @param {string[]} known */
export function nearest(word, known) {
  const wanted = word.slice(0, 40).toLowerCase();
  const [best] = known.map((one) => ({ one, by: distance(wanted, one.toLowerCase()) })).sort((a, b) => a.by - b.by);
  return best && best.by <= Math.ceil(wanted.length / 3) ? ` Did you mean “${best.one}”?` : '';
}
