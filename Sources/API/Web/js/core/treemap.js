/** Rectangles whose areas are the shares: the longer side is cut in two, again and again. @param {any[]} parts @param {{x: number, y: number, w: number, h: number}} box @returns {any[]} */
export function treemap(parts, box) {
  if (parts.length <= 1) return parts.map((one) => ({ ...one, ...box }));
  const total = parts.reduce((sum, one) => sum + one.value, 0);
  let cut = 0;
  let first = 0;
  while (cut < parts.length - 1 && (cut === 0 || first + parts[cut].value / 2 < total / 2)) first += parts[cut++].value;
  const share = total ? first / total : 0.5;
  const across = box.w >= box.h;
  const one = across ? { ...box, w: box.w * share } : { ...box, h: box.h * share };
  const other = across
    ? { ...box, x: box.x + one.w, w: box.w - one.w }
    : { ...box, y: box.y + one.h, h: box.h - one.h };
  return [...treemap(parts.slice(0, cut), one), ...treemap(parts.slice(cut), other)];
}
