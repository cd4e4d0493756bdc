/** What stands in one cell: a template, a formatted value, a badge, a state, a bar. */
import { safeColor, stateTone, toneOf } from '../../core/color.js';
import { cut, date, datetime, json, text, time } from '../../core/format.js';
import { get, isObject } from '../../core/path.js';
import { resolve } from '../../core/template.js';
import { Pill } from '../../ui/atoms.js';
import { h } from '../../ui/kit.js';

const FORMATS = /** @type {Record<string, (value: unknown) => string>} */ ({ date, time, datetime });

/** @param {any} row @param {any} column */
export const valueOf = (
  row,
  column,
) => (isObject(row) || Array.isArray(row)
  ? get(row, column.accessor ?? column.path ?? column.id)
  : column.id === 'value'
  ? row
  : undefined);

/** @param {unknown} value @param {any} badge */
function badgeOf(value, badge) {
  const word = text(value);
  if (!word) return '–';
  const colors = isObject(badge) && isObject(badge.colors) ? badge.colors : {};
  const own = Object.hasOwn(colors, word) ? safeColor(colors[word]) : undefined;
  return h(Pill, {
    tone: own ?? (isObject(badge) && safeColor(badge.default ?? badge.color)) ?? stateTone(word),
    dot: true,
  }, word);
}

/** @param {unknown} value */
function bar(value) {
  const percent = Math.min(100, Math.max(0, Number(value) || 0));
  return h(
    'span',
    { className: 'bar' },
    h('span', { className: 'bar-fill', style: { width: `${percent}%` } }),
    h('span', { className: 'bar-words' }, `${Math.round(percent)}%`),
  );
}

/** @param {{row: any, column: any, scope: object}} props */
export function Cell({ row, column, scope }) {
  const raw = valueOf(row, column);
  const value = column.template !== undefined ? resolve(column.template, { ...scope, row, value: raw }) : raw;
  if (column.badge) return badgeOf(value, column.badge);
  if (column.render === 'status') {
    return h(Pill, { tone: toneOf(column.color, stateTone(value)), dot: true }, text(value) || '–');
  }
  if (column.render === 'progress') return bar(value);
  if (column.render === 'json') {
    return h('code', { className: 'cell-json', title: cut(json(value, 2), 2000) }, cut(json(value), 120));
  }
  if (value === undefined || value === null || value === '') return h('span', { className: 'dim' }, '–');
  if (Object.hasOwn(FORMATS, column.format)) return FORMATS[column.format](value);
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  return typeof value === 'object' ? h('code', { className: 'cell-json' }, cut(json(value), 120)) : cut(value, 2000);
}
