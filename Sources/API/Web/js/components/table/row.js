/** One row, and what opens below it. Redrawn only when its own data changes. */
import { filters, json, text, words } from '../../core/format.js';
import { get, isObject } from '../../core/path.js';
import { actionsOf } from '../../core/schema.js';
import { Nodes } from '../../render/node.js';
import { WithScope } from '../../render/scope.js';
import { Icon } from '../../ui/icon.js';
import { Fragment, h, memo } from '../../ui/kit.js';
import { RowAction } from '../actions/button.js';
import { Cell } from './cell.js';
import { EditableCell } from './edit.js';

/** @param {any} value @param {any} field */
function shown(value, field) {
  if (field.render === 'json') return h('pre', { className: 'code', tabIndex: 0 }, json(value, 2));
  if (Object.hasOwn(filters, field.format)) return text(filters[field.format](value)) || '–';
  const list = Array.isArray(value) && value.every((one) => typeof one !== 'object');
  return (list ? value.join('\n') : text(value)) || '–';
}

/** @param {{row: any, spec: any}} props */
function Details({ row, spec }) {
  const fields = (Array.isArray(spec?.fields) ? spec.fields : []).map((
    /** @type {any} */ one,
  ) => (isObject(one) ? one : { path: text(one) }));
  const nodes = spec?.children ?? spec?.layout ?? spec?.content;
  if (nodes) return h(WithScope, { add: { row, item: row, value: row } }, h(Nodes, { nodes }));
  if (!fields.length) return h('pre', { className: 'code', tabIndex: 0 }, json(row, 2));
  return h(
    'dl',
    { className: 'details' },
    ...fields.flatMap((/** @type {any} */ field, /** @type {number} */ index) => [
      h('dt', { key: `t${index}` }, text(field.label ?? words(field.path ?? field.id))),
      h(
        'dd',
        { key: `d${index}` },
        field.template !== undefined
          ? h(Cell, { row, column: field, scope: {} })
          : shown(get(row, field.path ?? field.accessor ?? field.id), field),
      ),
    ]),
  );
}

/** @param {{actions: any, row: any, id: string, after: () => void}} props */
const Actions = ({ actions, row, id, after }) =>
  h(
    WithScope,
    { add: { row, item: row, value: row } },
    h(
      'div',
      { className: 'row-actions' },
      ...actionsOf(actions).map((action, index) =>
        h(RowAction, { key: index, node: action, after, defaults: { rowId: row?.id ?? id } })
      ),
    ),
  );

/** @param {any} props */
function RowPart(
  { id, row, columns, node, width, scope, open, chosen, pending, onToggle, onChoose, onEdit, after, index },
) {
  const below = `details-${id.replace(/\W/g, '-')}`;
  const name = text(row?.name ?? row?.label ?? row?.title ?? id);
  const cell = (/** @type {any} */ column) => {
    if (column.type === 'actions') return h(Actions, { actions: column.actions, row, id, after });
    const editing = pending && Object.hasOwn(pending, column.id) ? pending[column.id] : undefined;
    return column.editable === true && onEdit
      ? h(EditableCell, { row, column, scope, pending: editing, onSave: (value) => onEdit(id, row, column, value) })
      : h(Cell, { row, column, scope, value: editing });
  };
  return h(
    Fragment,
    {},
    h(
      'tr',
      {
        className: `${open ? 'opened' : ''} ${chosen ? 'chosen' : ''}`,
        'aria-selected': onChoose ? chosen : undefined,
        'aria-rowindex': index,
      },
      onChoose &&
        h(
          'td',
          { className: 'narrow' },
          h('input', {
            type: 'checkbox',
            className: 'tick',
            checked: chosen,
            'aria-label': `Choose ${name}`,
            onChange: () => onChoose(id),
          }),
        ),
      node.expandable &&
        h(
          'td',
          { className: 'narrow' },
          h('button', {
            type: 'button',
            className: 'icon-button',
            'aria-expanded': open,
            'aria-controls': open ? below : undefined,
            'aria-label': `Details of ${name}`,
            onClick: () => onToggle(id),
          }, h(Icon, { name: open ? 'chevron-down' : 'chevron-right', size: 16 })),
        ),
      ...columns.map((/** @type {any} */ column) =>
        h('td', {
          key: column.id,
          className: column.type === 'actions'
            ? 'actions'
            : `${column.align === 'right' ? 'right' : ''} ${column.format ? 'whole' : ''}`,
        }, cell(column))
      ),
      node.rowActions && h('td', { className: 'actions' }, h(Actions, { actions: node.rowActions, row, id, after })),
    ),
    open &&
      h(
        'tr',
        { className: 'below', id: below },
        h('td', { colSpan: width }, h(Details, { row, spec: node.expandable })),
      ),
  );
}

const SAME = ['row', 'open', 'chosen', 'pending', 'columns', 'node', 'scope'];
export const Row = memo(
  RowPart,
  (/** @type {any} */ a, /** @type {any} */ b) => SAME.every((key) => a[key] === b[key]),
);
