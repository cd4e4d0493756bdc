/** What stands in one cell: a template, a formatted value, a badge, a state, a bar, a link. */
import { safeColor, stateTone, toneOf } from '../../core/color.js';
import { cut, filters, json, text } from '../../core/format.js';
import { get, isObject } from '../../core/path.js';
import { resolve } from '../../core/template.js';
import { safeUrl } from '../../core/url.js';
import { Pill } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { h } from '../../ui/kit.js';
import { pictureOf } from '../content/media.js';

/** @param {any} row @param {any} column */
export const valueOf = (row, column) =>
  isObject(row) || Array.isArray(row)
    ? get(row, column.accessor ?? column.path ?? column.id)
    : column.id === 'value'
    ? row
    : undefined;

/** What a cell says, for sorting and searching: its value, or its template filled in. @param {any} row @param {any} column */
export function saidBy(row, column) {
  const value = valueOf(row, column);
  return value === undefined && column.template !== undefined
    ? resolve(column.template, { row, item: row, value })
    : value;
}

/** @param {any} map @param {string} word */
const ownColor = (map, word) => (isObject(map) && Object.hasOwn(map, word) ? safeColor(map[word]) : undefined);

/** @param {unknown} value @param {any} badge */
function badgeOf(value, badge) {
  const word = text(value);
  if (!word) return '–';
  const own = isObject(badge) ? ownColor(badge.colors, word) ?? safeColor(badge.default ?? badge.color) : undefined;
  const label = isObject(badge) && isObject(badge.labels) && Object.hasOwn(badge.labels, word)
    ? text(badge.labels[word])
    : word;
  return h(Pill, { tone: own ?? stateTone(word), dot: true }, label);
}

/** @param {unknown} value @param {any} column */
function bar(value, column) {
  const percent = Math.min(100, Math.max(0, (100 * (Number(value) || 0)) / (Number(column.max) || 100)));
  return h(
    'span',
    { className: `bar ${column.color ? `tone-${toneOf(column.color)}` : ''}` },
    h('span', { className: 'bar-fill', style: { width: `${percent}%` } }),
    h('span', { className: 'bar-words' }, `${Math.round(percent)}%`),
  );
}

/** @param {unknown} value @param {any} column @param {object} scope */
function link(value, column, scope) {
  const href = safeUrl(column.href === undefined ? value : resolve(column.href, scope));
  const words = cut(column.linkLabel === undefined ? value : resolve(column.linkLabel, scope), 200);
  if (!href) return words;
  const outside = new URL(href).origin !== location.origin;
  return h('a', { className: 'link', href, target: outside ? '_blank' : undefined, rel: 'noopener noreferrer' }, words);
}

/** @param {{row: any, column: any, scope: object, value?: any}} props `value` instead of the row's own, while that is being saved */
export function Cell({ row, column, scope, value: edited }) {
  const raw = edited ?? valueOf(row, column);
  const value = column.template !== undefined
    ? resolve(column.template, { ...scope, row, item: row, value: raw })
    : raw;
  const none = value === undefined || value === null || value === '';
  if (column.badge) return badgeOf(value, column.badge);
  switch (column.render) {
    case 'status': {
      const tone = ownColor(column.colors, text(value)) ?? column.color;
      return h(Pill, { tone: toneOf(tone, stateTone(value)), dot: true }, text(value) || '–');
    }
    case 'badge':
      return badgeOf(value, { colors: column.colors, color: column.color });
    case 'progress':
      return bar(value, column);
    case 'json':
      return h('code', { className: 'cell-json', title: cut(json(value, 2), 2000) }, cut(json(value), 120));
    case 'code':
      return h('code', {}, cut(value, 200));
    case 'icon':
      return icon(value, 17) ?? '–';
    case 'image': {
      const { src } = pictureOf(value);
      return src ? h('img', { className: 'cell-picture', src, alt: '', loading: 'lazy' }) : '–';
    }
    case 'link':
      if (!none) return link(value, column, { ...scope, row, value });
  }
  if (none) return h('span', { className: 'dim' }, '–');
  if (Object.hasOwn(filters, column.format)) return text(filters[column.format](value));
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  return typeof value === 'object' ? h('code', { className: 'cell-json' }, cut(json(value), 120)) : cut(value, 2000);
}
