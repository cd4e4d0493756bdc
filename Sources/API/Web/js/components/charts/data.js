/** What every chart shares: its rows, its series, its colours, its labels on the x axis. */
import { cssColor, safeColor } from '../../core/color.js';
import { date, text, time, toDate, words } from '../../core/format.js';
import { get, isObject } from '../../core/path.js';
import { rowsOf } from '../../core/query.js';
import { thin } from '../../core/series.js';
import { useResolved, useSource } from '../../render/runtime.js';
import { useStable } from '../../ui/hooks.js';
import { useEffect, useMemo, useState } from '../../ui/kit.js';

/** More points than pixels only cost time. */
const MOST_POINTS = 1000;
/** Readings kept of a source that answers with one reading at a time. */
const KEPT = 240;
const MOST_SERIES = 12;
const COLORS = ['indigo', 'teal', 'yellow', 'red', 'grape', 'cyan', 'orange', 'lime', 'pink', 'violet'];

/** The nth colour, or the one given. @param {unknown} color @param {number} index */
export const colorOf = (color, index) =>
  cssColor(safeColor(color), 6) ?? /** @type {string} */ (cssColor(COLORS[index % COLORS.length], 6));

/** @param {any} node @param {any} first @param {string} xKey */
function seriesOf(node, first, xKey) {
  const given = node.series ?? node.lines ?? node.bars;
  const single = node.yKey ?? node.valueKey ?? node.dataKey;
  const declared = Array.isArray(given) && given.length
    ? given
    : single !== undefined
    ? [single].flat()
    : Object.keys(isObject(first) ? first : {}).filter((key) => key !== xKey && typeof first[key] === 'number');
  return declared.slice(0, MOST_SERIES).map((/** @type {any} */ one, /** @type {number} */ index) => {
    const path = text(isObject(one) ? one.dataKey ?? one.path ?? one.id ?? one.name : one);
    return {
      path,
      name: `s${index}`,
      label: text((isObject(one) && (one.label ?? one.name)) || words(path)),
      color: colorOf(isObject(one) ? one.color : undefined, index),
      type: isObject(one) ? text(one.type) : '',
      dashed: isObject(one) && (one.dashed === true || one.strokeDasharray !== undefined),
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

/** A time on the axis as its hour, or its day when the axis spans days. @param {any[]} xs @returns {(x: any) => string} */
export function axisWords(xs) {
  const asTime = (/** @type {any} */ x) =>
    (typeof x === 'number' && x > 1e9) || (typeof x === 'string' && /\d{4}-\d\d-\d\d/.test(x)) ? toDate(x) : undefined;
  const [first, last] = [asTime(xs[0]), asTime(xs.at(-1))];
  const days = first && last ? Math.abs(last.getTime() - first.getTime()) / 86_400_000 : 0;
  return (x) => {
    const at = asTime(x);
    return !at ? text(x) : days > 2 ? date(at) : time(at);
  };
}

/** @param {any} node @returns {{source: any, rows: any[], points: any[], series: any[], xKey: string}} */
export function useSeries(node) {
  const source = useSource(node);
  const own = useResolved(node.data ?? node.rows, { data: source.data });
  const at = own ?? (node.path === undefined ? source.data : get(source.data, node.path));
  const xKey = text(node.xKey ?? node.x ?? node.nameKey ?? 'timestamp');
  const rows = useRows(at, xKey, source.updated);
  const wanted = useStable({
    series: node.series,
    lines: node.lines,
    bars: node.bars,
    yKey: node.yKey,
    valueKey: node.valueKey,
    dataKey: node.dataKey,
  });
  const series = useMemo(() => seriesOf(wanted, rows[0], xKey), [wanted, xKey, rows[0] === undefined]);
  const points = useMemo(() => {
    const kept = thin(rows, MOST_POINTS);
    const say = axisWords(kept.map((row) => get(row, xKey)));
    return kept.map((row) => ({
      x: say(get(row, xKey)),
      ...Object.fromEntries(series.map((one) => [one.name, Number(get(row, one.path) ?? NaN)])),
    }));
  }, [rows, series, xKey]);
  return { source, rows, points, series, xKey };
}

/** Parts of a whole: `{name, value, color}`. @param {any} node */
export function useParts(node) {
  const source = useSource(node);
  const own = useResolved(node.data ?? node.rows ?? node.items, { data: source.data });
  const at = own ?? (node.path === undefined ? source.data : get(source.data, node.path));
  const parts = useMemo(() => {
    const listed = rowsOf(at);
    const nameKey = node.nameKey ?? node.labelKey ?? node.xKey ?? 'name';
    const valueKey = node.valueKey ?? node.dataKey ?? node.yKey ?? 'value';
    const rows = listed.length || !isObject(at)
      ? listed
      : Object.entries(at).filter(([, value]) => typeof value === 'number').map(([name, value]) => ({ name, value }));
    return rows.slice(0, 60).map((row, index) => ({
      name: text(get(row, nameKey) ?? row?.label ?? row?.name ?? `Part ${index + 1}`),
      value: Math.max(0, Number(get(row, valueKey) ?? row?.value) || 0),
      color: colorOf(row?.color ?? (isObject(node.colors) ? node.colors[text(get(row, nameKey))] : undefined), index),
    }));
  }, [at, node.nameKey, node.valueKey, node.colors]);
  return { source, parts, total: parts.reduce((sum, one) => sum + one.value, 0) };
}
