/** Charts of parts of a whole: pie, donut, radialBar, treemap. */
import { number } from '../../core/format.js';
import { treemap } from '../../core/treemap.js';
import { DonutChart, h, PieChart } from '../../ui/kit.js';

/** @param {number} x @param {number} y @param {number} r @param {number} turns from the top, clockwise */
const point = (x, y, r, turns) => `${x + r * Math.sin(2 * Math.PI * turns)},${y - r * Math.cos(2 * Math.PI * turns)}`;

/** One ring for each part, as long as its share of the largest. @param {any[]} parts @param {number} height */
function radialBars(parts, height) {
  const most = Math.max(...parts.map((one) => one.value), 1);
  const list = parts.slice(0, 8);
  const thick = Math.min(11, 40 / list.length);
  return h(
    'svg',
    { className: 'drawing', viewBox: '0 0 100 100', height, role: 'presentation' },
    ...list.flatMap((one, index) => {
      const r = 49.5 - thick / 2 - index * (thick + 1.5);
      const share = Math.min(0.745, 0.75 * (one.value / most));
      const arc = (/** @type {number} */ to) =>
        `M ${point(50, 50, r, 0)} A ${r} ${r} 0 ${to > 0.5 ? 1 : 0} 1 ${point(50, 50, r, to)}`;
      const line = { fill: 'none', strokeWidth: thick - 1, strokeLinecap: 'round' };
      return [
        h('path', { key: `t${index}`, d: arc(0.75), ...line, stroke: 'var(--line)' }),
        share > 0.002 && h('path', { key: index, d: arc(share), ...line, stroke: one.color }),
      ];
    }),
  );
}

/** @param {any[]} parts @param {number} height */
function tiles(parts, height) {
  const sorted = parts.filter((one) => one.value > 0).sort((a, b) => b.value - a.value);
  return h(
    'div',
    { className: 'treemap', style: { height } },
    ...treemap(sorted, { x: 0, y: 0, w: 100, h: 100 }).map((one, index) =>
      h(
        'span',
        {
          key: index,
          className: 'tile',
          title: `${one.name}: ${number(one.value)}`,
          style: { left: `${one.x}%`, top: `${one.y}%`, width: `${one.w}%`, height: `${one.h}%` },
        },
        h(
          'span',
          { className: 'tile-inner', style: { background: one.color } },
          h('span', { className: 'tile-words' }, one.name, h('small', {}, number(one.value))),
        ),
      )
    ),
  );
}

/** @param {string} kind @param {any} node @param {any[]} parts @param {number} total @param {number} height */
export function shares(kind, node, parts, total, height) {
  if (kind === 'radialbar') return radialBars(parts, height);
  if (kind === 'treemap') return tiles(parts, height);
  const common = {
    data: parts.map(({ name, value, color }) => ({ name, value, color })),
    size: height - 20,
    withTooltip: node.tooltip !== false,
    tooltipDataSource: 'segment',
    strokeWidth: 1,
    mx: 'auto',
    pieProps: { isAnimationActive: false, rootTabIndex: -1 },
    pieChartProps: { accessibilityLayer: false },
  };
  return kind === 'donut'
    ? DonutChart({
      ...common,
      thickness: Math.max(12, height / 9),
      chartLabel: node.centerLabel === undefined ? number(total) : String(node.centerLabel),
    })
    : PieChart(common);
}
