/** At most `limit` rows, evenly taken, the first and the last among them. @param {any[]} rows @param {number} limit */
export function thin(rows, limit) {
  if (rows.length <= limit || limit < 2) return rows.slice(0, Math.max(limit, 0));
  const step = (rows.length - 1) / (limit - 1);
  return Array.from({ length: limit }, (_, index) => rows[Math.round(index * step)]);
}
