/** A small line of where a figure has been. */
import { cssColor } from '../../core/color.js';
import { thin } from '../../core/series.js';
import { h } from '../../ui/kit.js';

/** A line without axes; its figures are the stat's. @param {{values: number[], color?: unknown}} props */
export function Spark({ values, color }) {
  const kept = thin(values.filter(Number.isFinite), 60);
  if (kept.length < 2) return null;
  const [least, most] = [Math.min(...kept), Math.max(...kept)];
  const place = (/** @type {number} */ value, /** @type {number} */ index) =>
    `${((100 * index) / (kept.length - 1)).toFixed(2)},${
      (26 - (24 * (value - least)) / (most - least || 1)).toFixed(2)
    }`;
  const line = kept.map(place).join(' ');
  return h(
    'svg',
    {
      className: 'spark',
      viewBox: '0 0 100 28',
      preserveAspectRatio: 'none',
      'aria-hidden': true,
      style: { color: cssColor(color, 6) ?? 'var(--accent)' },
    },
    h('polygon', { points: `0,28 ${line} 100,28`, className: 'spark-area' }),
    h('polyline', { points: line, className: 'spark-line' }),
  );
}
