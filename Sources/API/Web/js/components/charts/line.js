/** `chart`, line: series over a source's rows. The library loads its drawing code the first time one is shown. */
import { cssColor, safeColor } from '../../core/color.js';
import { number, text, time, toDate, words } from '../../core/format.js';
import { get, isObject } from '../../core/path.js';
import { rowsOf } from '../../core/query.js';
import { thin } from '../../core/series.js';
import { register } from '../../render/registry.js';
import { useResolved, useSource } from '../../render/runtime.js';
import { Heading, pending, Problem } from '../../ui/atoms.js';
import { useStable } from '../../ui/hooks.js';
import { h, LineChart, useEffect, useMemo, useState } from '../../ui/kit.js';

/** More points than pixels only cost time. */
const MOST_POINTS = 1000;
/** Readings kept of a source that answers with one reading at a time. */
const KEPT = 240;
const COLORS = ['#4c6ef5', '#12b886', '#fab005', '#fa5252', '#be4bdb', '#15aabf'];

/** @param {any} node @param {any} first */
function seriesOf(node, first) {
  const declared = Array.isArray(node.series) && node.series.length
    ? node.series
    : Object.keys(isObject(first) ? first : {}).filter((key) => key !== node.xKey && typeof first[key] === 'number');
  return declared.slice(0, 12).map((/** @type {any} */ one, /** @type {number} */ index) => {
    const path = text(isObject(one) ? one.dataKey ?? one.id ?? one.name : one);
    return {
      path,
      name: `s${index}`,
      label: text((isObject(one) && (one.label ?? one.name)) || words(path)),
      color: cssColor(isObject(one) ? safeColor(one.color) : undefined) ?? COLORS[index % COLORS.length],
    };
  });
}

/** Rows, or one reading per answer collected into rows. @param {any} data @param {string} xKey @param {number} updated */
function useRows(data, xKey, updated) {
  const direct = useMemo(() => rowsOf(data), [data]);
  const [kept, keep] = useState(/** @type {any[]} */ ([]));
  const single = direct.length === 0 && isObject(data);
  useEffect(() => {
    if (single) {
      keep((/** @type {any[]} */ now) => [...now, { [xKey]: get(data, xKey) ?? Date.now(), ...data }].slice(-KEPT));
    }
  }, [single, data, updated]);
  return single ? kept : direct;
}

function Chart(/** @type {{node: any}} */ { node }) {
  const source = useSource(node);
  const title = text(useResolved(node.title ?? node.label ?? ''));
  const xKey = text(node.xKey ?? node.x ?? 'timestamp');
  const rows = useRows(source.data, xKey, source.updated);
  const declared = useStable(node.series);
  const series = useMemo(() => seriesOf({ series: declared, xKey }, rows[0]), [declared, xKey, rows[0] === undefined]);
  const points = useMemo(() =>
    thin(rows, MOST_POINTS).map((row) => {
      const x = get(row, xKey);
      const at = typeof x === 'number' && x > 1e9 || typeof x === 'string' && /\d{4}-\d\d-\d\d/.test(x)
        ? toDate(x)
        : undefined;
      return {
        x: at ? time(at) : text(x),
        ...Object.fromEntries(series.map((/** @type {any} */ one) => [one.name, Number(get(row, one.path) ?? NaN)])),
      };
    }), [rows, series, xKey]);
  const kind = text(node.chartType ?? node.kind ?? 'line').toLowerCase();
  if (kind !== 'line') {
    return h(Problem, { title: 'Unknown chart', message: `Charts of type “${kind}” cannot be drawn yet.` });
  }
  const last = points.at(-1);
  const summary = series.map((/** @type {any} */ one) => `${one.label}: ${number(last?.[one.name])}`).join(', ');
  const height = Math.min(800, Math.max(120, Number(node.height) || 280));
  const blank = pending(source, { empty: points.length === 0, title: 'No readings yet', lines: 5 });
  return h(
    'figure',
    { className: 'panel chart' },
    h(
      'figcaption',
      { className: 'panel-head' },
      h(Heading, {}, title || series.map((/** @type {any} */ one) => one.label).join(', ')),
      h('span', { className: 'dim' }, `${number(points.length)} readings${last ? `, last ${last.x}` : ''}`),
    ),
    h('p', { className: 'sr-only' }, `Line chart. Latest values: ${summary}.`),
    blank ?? h(
      'div',
      { 'aria-hidden': true },
      LineChart({
        h: height,
        data: points,
        dataKey: 'x',
        series: series.map((/** @type {any} */ { name, label, color }) => ({ name, label, color })),
        curveType: 'monotone',
        withDots: points.length < 40,
        withLegend: series.length > 1,
        gridAxis: 'x',
        tickLine: 'none',
        strokeWidth: 2,
        connectNulls: true,
        lineChartProps: { accessibilityLayer: false },
        lineProps: { isAnimationActive: false },
      }),
    ),
  );
}
register(['chart', 'lineChart'], Chart);
