/** `heatmap`: a square for each x and y, the fuller the larger its value. */
import { cssColor } from '../../core/color.js';
import { number, text } from '../../core/format.js';
import { get } from '../../core/path.js';
import { h } from '../../ui/kit.js';
import { axisWords } from './data.js';

const MOST = 60;

/** @param {any} node @param {{rows: any[], xKey: string}} shown @param {number} height */
export function heatmap(node, { rows, xKey }, height) {
  const yKey = node.yKey ?? 'y';
  const valueKey = node.valueKey ?? node.dataKey ?? 'value';
  const raw = [...new Set(rows.map((row) => get(row, xKey)))].slice(-MOST);
  const say = axisWords(raw);
  const ys = [...new Set(rows.map((row) => text(get(row, yKey))))].slice(0, MOST);
  const cells = new Map(
    rows.map((row) => [`${text(get(row, yKey))}\n${text(get(row, xKey))}`, Number(get(row, valueKey))]),
  );
  const values = [...cells.values()].filter(Number.isFinite);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const fill = cssColor(node.color, 6) ?? 'var(--accent)';
  return h(
    'div',
    {
      className: 'heatmap',
      style: {
        gridTemplateColumns: `max-content repeat(${raw.length}, minmax(8px, 1fr))`,
        minHeight: Math.min(height, ys.length * 40),
      },
    },
    ...ys.flatMap((y) => [
      h('span', { key: y, className: 'heat-name' }, y),
      ...raw.map((x, index) => {
        const value = cells.get(`${y}\n${text(x)}`);
        const share = value === undefined || !Number.isFinite(value)
          ? 0
          : 0.12 + 0.88 * ((value - least) / (most - least || 1));
        return h('span', {
          key: `${y}${index}`,
          className: 'heat',
          title: `${y}, ${say(x)}: ${value === undefined ? '–' : number(value)}`,
        }, h('span', { style: { background: fill, opacity: share } }));
      }),
    ]),
    h('span', {}),
    h(
      'span',
      { className: 'heat-axis', style: { gridColumn: '2 / -1' } },
      h('span', {}, say(raw[0])),
      h('span', {}, say(raw.at(-1))),
    ),
  );
}
