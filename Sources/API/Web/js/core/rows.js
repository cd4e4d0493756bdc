/** A setting of several rows: its columns, a new row, and what is wrong with those that were filled in. */
import { text, words } from './format.js';
import { isObject } from './path.js';

const MOST = 20;

/** @param {unknown} list @returns {any[]} */
export const columnsOf = (list) =>
  (Array.isArray(list) ? list : []).filter((one) => isObject(one) && one.id && !(text(one.id) in Object.prototype))
    .slice(0, MOST).map((one) => ({ ...one, id: text(one.id), label: text(one.label ?? words(one.id)) }));

const BLANK = /** @type {Record<string, any>} */ ({ number: null, boolean: false });

/** @param {any[]} columns */
export const blankRow = (columns) =>
  Object.fromEntries(columns.map((one) => [one.id, one.default ?? (one.type in BLANK ? BLANK[one.type] : '')]));

/** The first thing that is wrong with these rows, in words; undefined when nothing is. @param {unknown} list @param {any[]} rows */
export function badRow(list, rows) {
  for (const [at, row] of rows.entries()) {
    for (const column of columnsOf(list)) {
      const value = row?.[column.id];
      if (column.type !== 'number' || value === null || value === undefined || value === '') continue;
      const where = `${column.label}, row ${at + 1}`;
      if (!Number.isFinite(Number(value))) return `${where}: enter a number.`;
      if (column.min !== undefined && value < column.min) return `${where}: at least ${column.min}.`;
      if (column.max !== undefined && value > column.max) return `${where}: at most ${column.max}.`;
    }
  }
  return undefined;
}
