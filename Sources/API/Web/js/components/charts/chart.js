/** `chart`: its frame and heading, and the drawing that its `chartType` names. */
import { number, text, words } from '../../core/format.js';
import { register } from '../../render/registry.js';
import { useResolved } from '../../render/runtime.js';
import { Heading, pending, Problem } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { h } from '../../ui/kit.js';
import { pixels } from '../layout/options.js';
import { useParts, useSeries } from './data.js';
import { axes } from './axes.js';
import { heatmap } from './heatmap.js';
import { shares } from './shares.js';

/** @param {{node: any, kind: string, title: string, about: string, note: string, summary: string, legend?: any[], children?: any}} props */
const Frame = ({ node, kind, title, about, note, summary, legend, children }) =>
  h(
    'figure',
    { className: 'panel chart', 'data-chart': kind },
    h(
      'figcaption',
      { className: 'panel-head' },
      icon(node.icon, 18),
      h(Heading, {}, title),
      h('span', { className: 'dim' }, note),
    ),
    about && h('p', { className: 'dim panel-about' }, about),
    h('p', { className: 'sr-only' }, summary),
    h('div', { 'aria-hidden': true }, children),
    legend && legend.length > 0 && h(
      'ul',
      { className: 'legend' },
      ...legend.map((one, index) =>
        h(
          'li',
          { key: index },
          h('span', { className: 'legend-dot', style: { background: one.color } }),
          one.label,
          one.value !== undefined && h('span', { className: 'dim' }, one.value),
        )
      ),
    ),
  );

/** @param {any} node */
function useTitles(node) {
  const said = useResolved({ title: node.title ?? node.label ?? '', about: node.description ?? '' });
  return { title: text(said.title), about: text(said.about) };
}

/** @param {{node: any, kind: string}} props */
function SeriesChart({ node, kind }) {
  const { title, about } = useTitles(node);
  const shown = useSeries(node);
  const { source, points, series } = shown;
  const last = points.at(-1);
  const summary = series.map((one) => `${one.label}: ${number(last?.[one.name])}`).join(', ');
  const height = pixels(node.height, 280, 120, 800);
  const blank = pending(source, {
    empty: points.length === 0,
    title: text(node.emptyText ?? 'No readings yet'),
    lines: 5,
  });
  const drawn = kind === 'heatmap' ? heatmap(node, shown, height) : axes(kind, node, shown, height);
  return h(Frame, {
    node,
    kind,
    about,
    title: title || series.map((one) => one.label).join(', ') || words(kind),
    note: points.length ? `${number(points.length)} points, last ${last?.x}` : '',
    summary: `Chart of type ${kind}. Latest values: ${summary || 'none'}.`,
    children: blank ?? drawn,
  });
}

/** @param {{node: any, kind: string}} props */
function ShareChart({ node, kind }) {
  const { title, about } = useTitles(node);
  const { source, parts, total } = useParts(node);
  const height = pixels(node.height, 240, 120, 800);
  const blank = pending(source, {
    empty: total === 0,
    title: text(node.emptyText ?? 'Nothing to divide yet'),
    lines: 5,
  });
  const percent = (/** @type {number} */ value) => `${number(total ? (100 * value) / total : 0, 1)} %`;
  return h(Frame, {
    node,
    kind,
    about,
    title: title || words(kind),
    note: blank ? '' : `${number(total)} in ${parts.length} parts`,
    summary: `Chart of type ${kind}. ${
      parts.map((one) => `${one.name}: ${number(one.value)}, ${percent(one.value)}`).join('; ')
    }.`,
    legend: blank || node.legend === false || node.withLegend === false
      ? undefined
      : parts.slice(0, 12).map((one) => ({ label: one.name, color: one.color, value: percent(one.value) })),
    children: blank ?? shares(kind, node, parts, total, height),
  });
}

const SERIES = ['line', 'area', 'bar', 'composed', 'radar', 'scatter', 'heatmap'];
const SHARES = ['pie', 'donut', 'radialbar', 'treemap'];
const SAME = /** @type {Record<string, string>} */ ({
  doughnut: 'donut',
  composite: 'composed',
  column: 'bar',
  radial: 'radialbar',
  spline: 'line',
  bubble: 'scatter',
});

/** The names that `chartType` knows. */
export const CHARTS = [...SERIES, ...SHARES, ...Object.keys(SAME)];

/** @param {unknown} given */
export function kindOf(given) {
  const name = text(given || 'line').toLowerCase().replace(/[\s_-]|chart$/g, '');
  return Object.hasOwn(SAME, name) ? SAME[name] : name;
}

/** @param {{node: any}} props */
function Chart({ node }) {
  const own = text(node.type).toLowerCase().replace(/chart$/, '');
  const kind = kindOf(node.chartType ?? node.kind ?? node.variant ?? (own || 'line'));
  if (SERIES.includes(kind)) return h(SeriesChart, { key: kind, node, kind });
  if (SHARES.includes(kind)) return h(ShareChart, { key: kind, node, kind });
  return h(Problem, {
    title: 'Unknown chart',
    message: `There is no chart of type “${kind}”. Known are: ${[...SERIES, ...SHARES].join(', ')}.`,
  });
}
register(['chart', ...[...SERIES, ...SHARES, 'doughnut'].map((one) => `${one}Chart`)], Chart);
