/** What a person has done to a table: sorted, searched, filtered, paged, opened, chosen; and the rows that leaves. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { filterRows, pageOf, sortRows } from '../../core/query.js';
import { useMemo, useState } from '../../ui/kit.js';
import { keyOf } from '../data/items.js';
import { whole } from '../layout/options.js';
import { saidBy } from './cell.js';

const DEFAULT_PAGE = 10;
const LARGEST_PAGE = 100;
/** From here on a table without pages draws only the rows in view. */
const MANY = 100;

/** What a column may be filtered by: `true`, `'text'`, `'select'`, or `{type, options}`. @param {any} column @param {any} node */
export function filterOf(column, node) {
  const given = column.filter ?? (column.filterable === true || node.columnFilters === true ? 'text' : undefined);
  if (!given || column.type === 'actions') return undefined;
  const type = isObject(given) ? text(given.type || 'text') : given === true ? 'text' : text(given);
  return { type, options: isObject(given) ? given.options : undefined };
}

/** Rows whose columns hold what their filters ask. @param {any[]} rows @param {Record<string, string>} filters @param {any[]} columns @param {any} node */
export function matching(rows, filters, columns, node) {
  const asked = columns.map((column) => ({
    column,
    wanted: (filters[column.id] ?? '').trim().toLowerCase(),
    filter: filterOf(column, node),
  }))
    .filter(({ wanted, filter }) => wanted && filter);
  if (!asked.length) return rows;
  return rows.filter((row) =>
    asked.every(({ column, wanted, filter }) => {
      const value = text(saidBy(row, column)).toLowerCase();
      return filter?.type === 'select' ? value === wanted : value.includes(wanted);
    })
  );
}

/** Not sorted → ascending → descending → not sorted; with `add` beside the other keys. @param {any[]} sort @param {string} id @param {boolean} add */
export function turned(sort, id, add) {
  const at = sort.find((one) => one.id === id);
  const next = !at ? [{ id, desc: false }] : at.desc ? [] : [{ id, desc: true }];
  return add ? [...sort.filter((one) => one.id !== id), ...next] : next;
}

/** @param {any} node */
function sizeOf(node) {
  const asked = isObject(node.pagination) ? node.pagination.pageSize : undefined;
  return whole(node.pageSize ?? node.page_size ?? asked, DEFAULT_PAGE, 1, LARGEST_PAGE);
}

/** @param {any} node @param {any[]} rows @param {any[]} columns */
export function useTable(node, rows, columns) {
  const initial = [node.initialSort ?? node.initial_sort ?? []].flat().filter(isObject).map((
    /** @type {any} */ one,
  ) => ({ id: text(one.id ?? one.column), desc: one.desc === true || one.direction === 'desc' }));
  const [sort, setSort] = useState(initial);
  const [query, setQuery] = useState('');
  const [filters, setFilters] = useState(/** @type {Record<string, string>} */ ({}));
  const [at, go] = useState(1);
  const [chosenSize, setSize] = useState(/** @type {number | undefined} */ (undefined));
  const [open, setOpen] = useState(/** @type {Set<string>} */ (new Set()));
  const [chosen, setChosen] = useState(/** @type {Set<string>} */ (new Set()));

  const keyed = useMemo(
    () => rows.map((row, index) => ({ row, key: keyOf(row, index, node.rowKey ?? node.row_key) })),
    [rows, node.rowKey],
  );
  const shown = useMemo(() => {
    const read = (/** @type {any} */ one, /** @type {string} */ id) =>
      saidBy(one.row, columns.find((column) => column.id === id) ?? { id });
    const found = filterRows(keyed, query, ({ row }) => columns.map((column) => saidBy(row, column)));
    const rowsLeft = new Set(matching(found.map((one) => one.row), filters, columns, node));
    return sortRows(found.filter((one) => rowsLeft.has(one.row)), sort, read);
  }, [keyed, columns, query, filters, sort, node]);

  const isVirtual = node.virtual === true || node.virtualized === true ||
    (node.pagination === false && shown.length > MANY);
  const size = isVirtual || node.pagination === false ? Math.max(1, shown.length) : chosenSize ?? sizeOf(node);
  const page = pageOf(shown, at, size);
  const first = (/** @type {(value: any) => void} */ set) => (/** @type {any} */ value) => {
    set(value);
    go(1);
  };
  const flip =
    (/** @type {(change: (now: Set<string>) => Set<string>) => void} */ set) => (/** @type {string} */ key) =>
      set((now) => new Set(now.has(key) ? [...now].filter((one) => one !== key) : [...now, key]));
  const selected = useMemo(() => keyed.filter(({ key }) => chosen.has(key)), [keyed, chosen]);
  return {
    sort,
    query,
    filters,
    page,
    size,
    open,
    chosen,
    selected,
    isVirtual,
    total: rows.length,
    go,
    search: first(setQuery),
    filter: (/** @type {string} */ id, /** @type {string} */ value) => first(setFilters)({ ...filters, [id]: value }),
    resize: first(setSize),
    turnSort: (/** @type {string} */ id, /** @type {boolean} */ add) => setSort(turned(sort, id, add)),
    toggle: flip(setOpen),
    choose: flip(setChosen),
    /** All rows that match, or none. */
    chooseAll: (/** @type {boolean} */ on) => setChosen(new Set(on ? shown.map((one) => one.key) : [])),
    allChosen: shown.length > 0 && shown.every((one) => chosen.has(one.key)),
  };
}
