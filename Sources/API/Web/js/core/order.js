/** Lists in an order that people change. */

/** The list with one item moved. @template T @param {T[]} list @param {number} from @param {number} to @returns {T[]} */
export function movedTo(list, from, to) {
  const out = [...list];
  out.splice(to, 0, ...out.splice(from, 1));
  return out;
}
