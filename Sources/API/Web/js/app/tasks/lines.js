/** Lines over time, drawn as they are: small enough for a page that draws them anew every other second. */
import { number } from '../../core/format.js';
import { ceiling, stacked } from '../../core/readings.js';
import { h } from '../../ui/kit.js';

/** The drawing's own measures. */
const [WIDTH, HEIGHT] = [600, 150];

/**
 * @param {{points: any[], series: [string, string][], isStacked?: boolean, words?: (value: number) => string}} props
 *   points hold `x` and `s0`, `s1`, … for the series, each a label and a tone
 */
export function Lines({ points, series, isStacked = false, words = number }) {
  const keys = series.map((_, index) => `s${index}`);
  const drawn = isStacked ? stacked(points, keys) : points;
  const top = ceiling(Math.max(0, ...drawn.flatMap((one) => keys.map((key) => one[key] ?? 0))));
  const place = (/** @type {string} */ key) => (/** @type {any} */ point, /** @type {number} */ index) =>
    `${((WIDTH * index) / Math.max(1, drawn.length - 1)).toFixed(1)},${
      (HEIGHT - (HEIGHT * (point[key] ?? 0)) / top).toFixed(1)
    }`;
  const line = (/** @type {string} */ key) => drawn.map(place(key)).join(' ');
  // The last is the highest when they are stacked, so it is drawn first.
  const order = isStacked ? [...keys].reverse() : keys;
  return h(
    'div',
    { className: 'live-chart', 'aria-hidden': true },
    h(
      'div',
      { className: 'live-frame' },
      h('div', { className: 'live-scale' }, ...[top, top / 2, 0].map((at) => h('span', { key: at }, words(at)))),
      h(
        'svg',
        { className: 'live-lines', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none' },
        ...[0, HEIGHT / 2, HEIGHT].map((y) =>
          h('line', { key: y, x1: 0, x2: WIDTH, y1: y, y2: y, className: 'live-grid' })
        ),
        ...order.map((key) =>
          h(
            'g',
            { key, className: `tone-${series[keys.indexOf(key)][1]}` },
            isStacked &&
              h('polygon', { points: `0,${HEIGHT} ${line(key)} ${WIDTH},${HEIGHT}`, className: 'live-area' }),
            h('polyline', { points: line(key), className: 'live-line' }),
          )
        ),
      ),
    ),
    h('div', { className: 'live-times' }, h('span', {}, points[0]?.x), h('span', {}, points.at(-1)?.x)),
    h(
      'div',
      { className: 'live-legend' },
      ...series.map(([label, tone]) =>
        h('span', { key: label, className: `tone-${tone}` }, h('span', { className: 'dot' }), label)
      ),
    ),
  );
}
