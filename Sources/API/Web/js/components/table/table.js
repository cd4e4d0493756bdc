/** `table`: sorting, search, filters, pages, choosing, editing, actions, rows that open. Plain elements; only what is in view is drawn. */
import { number, text, words } from '../../core/format.js';
import { get, isObject } from '../../core/path.js';
import { rowsOf } from '../../core/query.js';
import { register } from '../../render/registry.js';
import { useResolved, useSource } from '../../render/runtime.js';
import { useScope } from '../../render/scope.js';
import { Heading, IconButton, pending } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { useStable } from '../../ui/hooks.js';
import { h, TextInput, useMemo, useState } from '../../ui/kit.js';
import { pixels } from '../layout/options.js';
import { Bulk } from './bulk.js';
import { useEdits } from './edits.js';
import { Filters, Head } from './head.js';
import { Pager } from './pager.js';
import { Row } from './row.js';
import { filterOf, useTable } from './state.js';
import { useWindow } from './virtual.js';

const MOST_COLUMNS = 50;

/** Columns as declared, or one for each key of the first row. @param {any} declared @param {any[]} rows */
export function columnsOf(declared, rows) {
  const list = Array.isArray(declared) && declared.length
    ? declared
    : isObject(rows[0])
    ? Object.keys(rows[0]).map((id) => ({ id, sortable: true }))
    : ['value'];
  return list.slice(0, MOST_COLUMNS).flatMap((column, index) => {
    const given = typeof column === 'string' ? { id: column } : column;
    if (!isObject(given) || given.hidden === true) return [];
    const id = text(given.id ?? given.accessor ?? given.path ?? index);
    return [{
      ...given,
      id,
      label: text(given.label ?? given.header ?? given.title ?? (given.type === 'actions' ? '' : words(id))),
    }];
  });
}

/** @param {{node: any}} props */
function Table({ node }) {
  const source = useSource(node);
  const scope = useScope();
  const own = useResolved(node.rows ?? node.data ?? node.items, { data: source.data });
  const data = own ?? (node.path === undefined ? source.data : get(source.data, node.path));
  const rows = useMemo(() => rowsOf(data), [data]);
  const declared = useStable(node.columns);
  const columns = useMemo(() => columnsOf(declared, rows), [declared, Array.isArray(declared) ? undefined : rows]);
  const table = useTable(node, rows, columns);
  const { edits, save } = useEdits(node, source, rows);
  const [filtering, setFiltering] = useState(false);
  const seen = useWindow(table.isVirtual, table.page.rows.length);
  const title = text(useResolved(node.title ?? node.label ?? ''));

  const canChoose = node.selectable === true || node.selection === true ||
    Array.isArray(node.bulkActions ?? node.bulk_actions);
  const canFilter = columns.some((column) => filterOf(column, node));
  const canSearch = [node.search, node.filterable, node.searchable].includes(true);
  const [before, after] = [(canChoose ? 1 : 0) + (node.expandable ? 1 : 0), node.rowActions ? 1 : 0];
  const blank = pending(source, {
    empty: rows.length === 0,
    title: text(node.emptyText ?? node.emptyMessage ?? 'No rows yet'),
  });
  return h(
    'section',
    { className: 'panel flush' },
    (title || canSearch || canFilter) &&
      h(
        'header',
        { className: 'panel-head table-head' },
        icon(node.icon, 18),
        title && h(Heading, {}, title),
        rows.length > 0 && h('span', { className: 'dim' }, number(rows.length)),
        canSearch &&
          TextInput({
            'aria-label': `Search ${title || 'rows'}`,
            placeholder: 'Search…',
            size: 'xs',
            value: table.query,
            onChange: table.search,
            leftSection: icon('search', 14),
            className: 'table-filter',
          }),
        canFilter &&
          h(IconButton, {
            label: 'Filters by column',
            icon: 'list-filter',
            className: canSearch ? '' : 'to-end',
            'aria-pressed': filtering,
            onClick: () => setFiltering(!filtering),
          }),
      ),
    table.selected.length > 0 && h(Bulk, { node, table, after: source.refresh }),
    blank ? h('div', { className: 'panel-body' }, blank) : h(
      'div',
      {
        className: `table-scroll ${table.isVirtual ? 'virtual' : ''}`,
        tabIndex: 0,
        role: 'group',
        'aria-label': title || 'Table',
        ref: seen.box,
        style: {
          maxHeight: table.isVirtual || node.height !== undefined
            ? pixels(node.height ?? node.maxHeight, 480, 120, 2000)
            : undefined,
        },
      },
      h(
        'table',
        { className: 'table', 'aria-rowcount': table.isVirtual ? table.page.rows.length : undefined },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            canChoose &&
              h(
                'th',
                { className: 'narrow' },
                h('input', {
                  type: 'checkbox',
                  className: 'tick',
                  'aria-label': 'Choose all rows that match',
                  checked: table.allChosen,
                  onChange: () => table.chooseAll(!table.allChosen),
                }),
              ),
            node.expandable && h('th', { className: 'narrow' }, h('span', { className: 'sr-only' }, 'Details')),
            ...columns.map((column) => h(Head, { key: column.id, column, sort: table.sort, onSort: table.turnSort })),
            node.rowActions && h('th', {}, h('span', { className: 'sr-only' }, 'Actions')),
          ),
          filtering && canFilter && h(Filters, { columns, node, rows, table, before, after }),
        ),
        h(
          'tbody',
          {},
          seen.above > 0 && h('tr', { 'aria-hidden': true, className: 'spacer', style: { height: seen.above } }),
          ...table.page.rows.slice(seen.from, seen.to).map(({ row, key }, index) =>
            h(Row, {
              key,
              id: key,
              index: table.isVirtual ? seen.from + index + 1 : undefined,
              row,
              columns,
              node,
              width: columns.length + before + after,
              scope,
              open: table.open.has(key),
              chosen: table.chosen.has(key),
              pending: edits[key],
              onToggle: table.toggle,
              onChoose: canChoose ? table.choose : undefined,
              onEdit: save,
              after: source.refresh,
            })
          ),
          seen.below > 0 && h('tr', { 'aria-hidden': true, className: 'spacer', style: { height: seen.below } }),
          table.page.total === 0 &&
            h(
              'tr',
              {},
              h('td', { colSpan: columns.length + before + after, className: 'dim none-match' }, 'No row matches.'),
            ),
        ),
      ),
    ),
    !blank && (table.page.pages > 1 || table.size < rows.length) &&
      h(Pager, { page: table.page, onPage: table.go, size: table.size, onSize: table.resize }),
  );
}
register(['table', 'dataTable'], Table);
