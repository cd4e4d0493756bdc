/** One row, and what opens below it. Redrawn only when its own data changes. */
import { datetime, json, text, words } from '../../core/format.js';
import { get, isObject } from '../../core/path.js';
import { actionsOf } from '../../core/schema.js';
import { WithScope } from '../../render/scope.js';
import { Icon } from '../../ui/icon.js';
import { Fragment, h, memo } from '../../ui/kit.js';
import { RowAction } from '../actions/button.js';
import { Cell } from './cell.js';

const FORMATS = /** @type {Record<string, (value: unknown) => string>} */ ({ datetime });

/** @param {{row: any, spec: any}} props */
function Details({ row, spec }) {
  const fields = Array.isArray(spec?.fields) ? spec.fields.filter(isObject) : [];
  if (!fields.length) return h('pre', { className: 'code', tabIndex: 0 }, json(row, 2));
  return h(
    'dl',
    { className: 'details' },
    ...fields.flatMap((/** @type {any} */ field, /** @type {number} */ index) => {
      const value = get(row, field.path ?? field.accessor ?? field.id);
      const shown = Object.hasOwn(FORMATS, field.format)
        ? FORMATS[field.format](value)
        : Array.isArray(value) && value.every((one) => typeof one !== 'object')
        ? value.join('\n')
        : text(value);
      return [
        h('dt', { key: `t${index}` }, text(field.label ?? words(field.path))),
        h('dd', { key: `d${index}` }, shown || '–'),
      ];
    }),
  );
}

/** @param {{actions: any, row: any, after: () => void}} props */
const Actions = ({ actions, row, after }) =>
  h(
    WithScope,
    { add: { row, value: row } },
    h(
      'div',
      { className: 'row-actions' },
      ...actionsOf(actions).map((action, index) => h(RowAction, { key: index, node: action, after })),
    ),
  );

/** @param {any} props */
function RowPart({ id, row, columns, node, width, scope, open, onToggle, after }) {
  const below = `details-${id.replace(/\W/g, '-')}`;
  return h(
    Fragment,
    {},
    h(
      'tr',
      { className: open ? 'opened' : undefined },
      node.expandable &&
        h(
          'td',
          { className: 'narrow' },
          h('button', {
            type: 'button',
            className: 'icon-button',
            'aria-expanded': open,
            'aria-controls': open ? below : undefined,
            'aria-label': `Details of ${text(row?.name ?? row?.label ?? id)}`,
            onClick: () => onToggle(id),
          }, h(Icon, { name: open ? 'chevron-down' : 'chevron-right', size: 16 })),
        ),
      ...columns.map((/** @type {any} */ column) =>
        h(
          'td',
          { key: column.id, className: column.type === 'actions' ? 'actions' : undefined },
          column.type === 'actions'
            ? h(Actions, { actions: column.actions, row, after })
            : h(Cell, { row, column, scope }),
        )
      ),
      node.rowActions && h('td', { className: 'actions' }, h(Actions, { actions: node.rowActions, row, after })),
    ),
    open &&
      h(
        'tr',
        { className: 'below', id: below },
        h('td', { colSpan: width }, h(Details, { row, spec: node.expandable })),
      ),
  );
}

export const Row = memo(
  RowPart,
  (/** @type {any} */ a, /** @type {any} */ b) =>
    a.row === b.row && a.open === b.open && a.columns === b.columns && a.node === b.node && a.scope === b.scope,
);
