/** One figure with its name, how it moved, and a small line of where it has been. */
import { toneOf } from '../../core/color.js';
import { filters, number, text } from '../../core/format.js';
import { get, isObject } from '../../core/path.js';
import { rowsOf } from '../../core/query.js';
import { register } from '../../render/registry.js';
import { useNamed, useResolved, useSource } from '../../render/runtime.js';
import { Icon } from '../../ui/icon.js';
import { h, Skeleton } from '../../ui/kit.js';
import { Spark } from './spark.js';

/** `delta` as a sign and a direction; text that is no number stays as it is. @param {unknown} delta @param {boolean} [lessIsBetter] */
export function direction(delta, lessIsBetter = false) {
  if (delta === undefined || delta === null || delta === '') return undefined;
  const n = typeof delta === 'number' ? delta : Number(String(delta).trim());
  if (!Number.isFinite(n)) return { words: text(delta), tone: 'gray', icon: undefined };
  if (n === 0) return { words: '0', tone: 'gray', icon: 'minus' };
  return {
    words: `${n > 0 ? '+' : ''}${number(n)}`,
    tone: n > 0 === !lessIsBetter ? 'teal' : 'red',
    icon: n > 0 ? 'trending-up' : 'trending-down',
  };
}

/** @param {{node: any}} props */
function StatSpark({ node }) {
  const { data } = useSource(node);
  const given = useResolved(node.data ?? node.values, { data });
  const rows = rowsOf(given ?? (node.path === undefined ? data : get(data, node.path)));
  const values = rows.map((row) => Number(isObject(row) ? get(row, node.dataKey ?? node.valueKey ?? 'value') : row));
  return h(Spark, { values, color: node.color });
}

/** @param {{node: any}} props */
function Stat({ node }) {
  const source = useSource(node);
  const shown = useResolved({
    label: node.label ?? node.title,
    value: node.value,
    delta: node.delta ?? node.change,
    about: node.description ?? node.help ?? node.helpText,
    unit: node.unit ?? node.suffix,
    prefix: node.prefix,
    fallback: node.fallback ?? node.defaultValue ?? node.placeholder,
  }, { data: source.data });
  // The path may start inside the data or with the source's own name.
  const path = node.metricPath ?? node.path;
  const named = useResolved(typeof path === 'string' ? `{{ ${path.replace(/[{}|]/g, '')} }}` : undefined);
  const measured = path ? get(source.data, path) ?? named : undefined;
  const value = measured ??
    (node.value !== undefined ? shown.value : typeof source.data === 'object' ? undefined : source.data);
  const missing = value === undefined || value === null || value === '';
  const others = useNamed(node.value);
  const [error, loading] = [
    source.error ?? others.error,
    others.loading || (source.loading && source.data === undefined),
  ];
  const figure = missing ? shown.fallback ?? '–' : value;
  const formatted = Object.hasOwn(filters, node.format) && !missing ? filters[node.format](figure) : figure;
  const moved = direction(shown.delta, node.lessIsBetter === true);
  const spark = isObject(node.sparkline)
    ? node.sparkline
    : Array.isArray(node.sparkline)
    ? { data: node.sparkline }
    : undefined;
  return h(
    'div',
    { className: 'stat' },
    node.icon &&
      h(
        'span',
        { className: `stat-icon tone-${toneOf(node.color, 'indigo')}` },
        h(Icon, { name: node.icon, size: 22 }),
      ),
    h(
      'div',
      { className: 'stat-words' },
      h('span', { className: 'stat-label' }, text(shown.label)),
      missing && loading && shown.fallback === undefined ? Skeleton({ height: 26, width: 64 }) : h(
        'span',
        { className: 'stat-value' },
        shown.prefix && h('small', {}, text(shown.prefix)),
        typeof formatted === 'number' ? number(formatted) : text(formatted),
        shown.unit && h('small', {}, text(shown.unit)),
      ),
      shown.about && h('span', { className: 'dim' }, text(shown.about)),
      error && missing && h('span', { className: 'stat-error' }, text(error.message)),
    ),
    (moved || spark) &&
      h(
        'span',
        { className: 'stat-side' },
        moved && h(
          'span',
          { className: `stat-delta tone-${moved.tone}` },
          moved.icon && h(Icon, { name: moved.icon, size: 15 }),
          moved.words,
        ),
        spark && h(StatSpark, { node: { color: node.color, ...spark } }),
      ),
  );
}
register(['stat', 'statistic', 'metric', 'kpi'], Stat);
