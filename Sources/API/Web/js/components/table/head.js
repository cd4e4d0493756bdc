/** The heads of columns: names that sort, and a line of filters below them. */
import { text } from '../../core/format.js';
import { optionsOf } from '../../core/schema.js';
import { Icon } from '../../ui/icon.js';
import { h, useMemo } from '../../ui/kit.js';
import { saidBy } from './cell.js';
import { filterOf } from './state.js';

/** @param {{column: any, sort: any[], onSort: (id: string, add: boolean) => void}} props */
export function Head({ column, sort, onSort }) {
  const place = sort.findIndex(({ id }) => id === column.id);
  const at = sort[place];
  const sortable = column.sortable && column.type !== 'actions';
  const width = typeof column.width === 'number' || /^\d+(px|%)?$/.test(text(column.width)) ? column.width : undefined;
  const order = at ? (at.desc ? 'descending' : 'ascending') : 'none';
  return h(
    'th',
    {
      scope: 'col',
      style: { width, minWidth: width, textAlign: column.align === 'right' ? 'right' : undefined },
      'aria-sort': sortable ? order : undefined,
    },
    sortable
      ? h(
        'button',
        {
          type: 'button',
          className: 'sort',
          title: 'Sort; with Shift beside the other columns',
          onClick: (/** @type {MouseEvent} */ event) => onSort(column.id, event.shiftKey),
        },
        column.label,
        h(Icon, { name: at ? (at.desc ? 'arrow-down' : 'arrow-up') : 'chevrons-up-down', size: 14 }),
        at && sort.length > 1 && h('sup', {}, place + 1),
      )
      : column.label || h('span', { className: 'sr-only' }, 'Actions'),
  );
}

/** Values that a column has, for a filter that names no options. */
const MOST_OPTIONS = 200;

/** @param {{column: any, filter: any, rows: any[], value: string, onChange: (value: string) => void}} props */
function Filter({ column, filter, rows, value, onChange }) {
  const options = useMemo(
    () =>
      filter.type === 'select'
        ? optionsOf(
          filter.options ?? [
            ...new Set(rows.map((row) => text(saidBy(row, column)))),
          ].filter(Boolean).sort().slice(0, MOST_OPTIONS),
        )
        : [],
    [filter.type, filter.options, rows, column],
  );
  const label = `Filter by ${column.label}`;
  const change = (/** @type {any} */ event) => onChange(event.target.value);
  if (filter.type !== 'select') {
    return h('input', {
      className: 'column-filter',
      value,
      onChange: change,
      'aria-label': label,
      placeholder: 'Filter',
    });
  }
  return h(
    'select',
    { className: 'column-filter', value, onChange: change, 'aria-label': label },
    h('option', { value: '' }, 'All'),
    ...options.map((one) => h('option', { key: one.value, value: one.value }, one.label)),
  );
}

/** @param {{columns: any[], node: any, rows: any[], table: any, before: number, after: number}} props */
export const Filters = ({ columns, node, rows, table, before, after }) =>
  h(
    'tr',
    { className: 'filters' },
    ...Array.from({ length: before }, (_, index) => h('td', { key: `b${index}` })),
    ...columns.map((column) => {
      const filter = filterOf(column, node);
      return h(
        'td',
        { key: column.id },
        filter && h(Filter, {
          column,
          filter,
          rows,
          value: table.filters[column.id] ?? '',
          onChange: (value) => table.filter(column.id, value),
        }),
      );
    }),
    ...Array.from({ length: after }, (_, index) => h('td', { key: `a${index}` })),
  );
