/** Sorting, filtering and paging of rows, without changing them. */
import { text } from './format.js';
import { get, isObject } from './path.js';

/** Numbers by size, texts as people order them, missing values last. @param {any} a @param {any} b */
export function compare(a, b) {
  const missing = (/** @type {any} */ value) => value === undefined || value === null || value === '';
  if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b));
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return text(a).localeCompare(text(b), undefined, { numeric: true, sensitivity: 'base' });
}

/**
 * @param {any[]} rows
 * @param {{id: string, desc?: boolean}[]} sort first key first
 * @param {(row: any, id: string) => unknown} [read]
 */
export function sortRows(rows, sort, read = get) {
  if (!sort.length) return rows;
  return [...rows].sort((a, b) => {
    for (const { id, desc } of sort) {
      const order = compare(read(a, id), read(b, id));
      if (order) return desc ? -order : order;
    }
    return 0;
  });
}

/** Rows in which every word of `query` occurs somewhere. @param {any[]} rows @param {string} query @param {(row: any) => unknown[]} values */
export function filterRows(rows, query, values) {
  const wanted = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return rows;
  return rows.filter((row) => {
    const hay = values(row).map(text).join('\n').toLowerCase();
    return wanted.every((word) => hay.includes(word));
  });
}

/** One page, its number brought into range. @param {any[]} rows @param {number} page from 1 @param {number} size */
export function pageOf(rows, page, size) {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const at = Math.min(Math.max(1, Math.floor(page) || 1), pages);
  return { rows: rows.slice((at - 1) * size, at * size), page: at, pages, total: rows.length };
}

/** The rows in what a source returned: a list, or the list inside a wrapping object. @param {unknown} data @returns {any[]} */
export function rowsOf(data) {
  if (Array.isArray(data)) return data;
  if (!isObject(data)) return [];
  for (const key of ['rows', 'items', 'result', 'results', 'data', 'points', 'history', 'series']) {
    if (Object.hasOwn(data, key)) {
      if (Array.isArray(data[key])) return data[key];
      if (key === 'result' && isObject(data[key])) return rowsOf(data[key]);
    }
  }
  const lists = Object.values(data).filter(Array.isArray);
  return lists.length === 1 ? lists[0] : [];
}
