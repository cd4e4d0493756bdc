/** `table`: sorting, a filter, pages, badges, actions in the row, rows that open. Plain elements; only the page shown is drawn. */
import { text, words } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { filterRows, pageOf, rowsOf, sortRows } from '../../core/query.js';
import { register } from '../../render/registry.js';
import { useResolved, useSource } from '../../render/runtime.js';
import { useScope } from '../../render/scope.js';
import { Heading, pending, Problem } from '../../ui/atoms.js';
import { Icon, icon } from '../../ui/icon.js';
import { useStable } from '../../ui/hooks.js';
import { h, TextInput, useMemo, useState } from '../../ui/kit.js';
import { valueOf } from './cell.js';
import { Pager } from './pager.js';
import { Row } from './row.js';

const MOST_COLUMNS = 50;
const DEFAULT_PAGE = 25;
const LARGEST_PAGE = 100;

/** Columns as declared, or one for each key of the first row. @param {any} declared @param {any[]} rows */
function columnsOf(declared, rows) {
  const list = Array.isArray(declared) && declared.length
    ? declared
    : isObject(rows[0])
    ? Object.keys(rows[0])
    : ['value'];
  return list.slice(0, MOST_COLUMNS).flatMap((column, index) => {
    const given = typeof column === 'string' ? { id: column } : column;
    if (!isObject(given)) return [];
    const id = text(given.id ?? given.accessor ?? given.path ?? index);
    return [{ ...given, id, label: text(given.label ?? given.header ?? (given.type === 'actions' ? '' : words(id))) }];
  });
}

/** @param {{column: any, sort: any[], onSort: (id: string) => void}} props */
function Head({ column, sort, onSort }) {
  const at = sort.find(({ id }) => id === column.id);
  const sortable = column.sortable && column.type !== 'actions';
  const width = typeof column.width === 'number' ? column.width : undefined;
  const order = at ? (at.desc ? 'descending' : 'ascending') : 'none';
  return h(
    'th',
    { scope: 'col', width, 'aria-sort': sortable ? order : undefined },
    sortable
      ? h(
        'button',
        { type: 'button', className: 'sort', onClick: () => onSort(column.id) },
        column.label,
        h(Icon, { name: at ? (at.desc ? 'arrow-down' : 'arrow-up') : 'chevrons-up-down', size: 14 }),
      )
      : column.label || h('span', { className: 'sr-only' }, 'Actions'),
  );
}

/** Not sorted → ascending → descending → not sorted. @param {any[]} sort @param {string} id */
const turned = (sort, id) => {
  const at = sort[0]?.id === id ? sort[0] : undefined;
  return !at ? [{ id, desc: false }] : at.desc ? [] : [{ id, desc: true }];
};

function Table(/** @type {{node: any}} */ { node }) {
  const source = useSource(node);
  const scope = useScope();
  const data = useResolved(node.rows ?? node.data ?? node.items) ?? source.data;
  const rows = useMemo(() => rowsOf(data), [data]);
  const declared = useStable(node.columns);
  const columns = useMemo(() => columnsOf(declared, rows), [declared, rows]);
  const initial = Array.isArray(node.initialSort) ? node.initialSort.filter(isObject) : [];
  const [sort, setSort] = useState(initial);
  const [query, setQuery] = useState('');
  const [at, setPage] = useState(1);
  const [open, setOpen] = useState(() => new Set());
  const title = text(useResolved(node.title ?? node.label ?? ''));
  const size = Math.min(LARGEST_PAGE, Math.max(1, Number(node.pageSize) || DEFAULT_PAGE));

  const shown = useMemo(() => {
    const read = (/** @type {any} */ row, /** @type {string} */ id) =>
      valueOf(row, columns.find((column) => column.id === id) ?? { id });
    return sortRows(filterRows(rows, query, (row) => columns.map((column) => valueOf(row, column))), sort, read);
  }, [rows, columns, query, sort]);
  const page = pageOf(shown, at, size);
  const keyOf = (/** @type {any} */ row, /** @type {number} */ index) =>
    text(row?.id ?? row?.key ?? row?.uuid ?? `${page.page}:${index}`);
  const toggle = (/** @type {string} */ key) =>
    setOpen((/** @type {Set<string>} */ now) =>
      new Set(now.has(key) ? [...now].filter((one) => one !== key) : [...now, key])
    );

  const blank = pending(source, { empty: rows.length === 0, title: text(node.emptyText ?? 'No rows yet') });
  const width = columns.length + (node.expandable ? 1 : 0) + (node.rowActions ? 1 : 0);
  return h(
    'section',
    { className: 'panel flush' },
    (title || node.filterable) &&
      h(
        'header',
        { className: 'panel-head table-head' },
        icon(node.icon, 18),
        title && h(Heading, {}, title),
        node.filterable &&
          TextInput({
            'aria-label': 'Filter rows',
            placeholder: 'Filter…',
            size: 'xs',
            value: query,
            onChange: (/** @type {string} */ now) => (setQuery(now), setPage(1)),
            leftSection: icon('search', 14),
            className: 'table-filter',
          }),
      ),
    source.error && rows.length > 0 &&
      h(Problem, {
        title: 'These rows may be out of date',
        message: text(source.error.message),
        onRetry: () => source.refresh(),
      }),
    blank ? h('div', { className: 'panel-body' }, blank) : h(
      'div',
      { className: 'table-scroll', tabIndex: 0, role: 'region', 'aria-label': title || 'Table' },
      h(
        'table',
        { className: 'table' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            node.expandable && h('th', { className: 'narrow' }, h('span', { className: 'sr-only' }, 'Details')),
            ...columns.map((column) =>
              h(Head, {
                key: column.id,
                column,
                sort,
                onSort: (id) => setSort(turned(sort, id)),
              })
            ),
            node.rowActions && h('th', {}, h('span', { className: 'sr-only' }, 'Actions')),
          ),
        ),
        h(
          'tbody',
          {},
          ...page.rows.map((row, index) => {
            const key = keyOf(row, index);
            return h(Row, {
              key,
              id: key,
              row,
              columns,
              node,
              width,
              scope,
              open: open.has(key),
              onToggle: toggle,
              after: source.refresh,
            });
          }),
        ),
      ),
    ),
    page.pages > 1 && h(Pager, { page, onPage: setPage }),
  );
}
register(['table', 'dataTable'], Table);
