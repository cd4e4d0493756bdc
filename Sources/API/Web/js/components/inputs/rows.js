/** `table`: rows that a person adds, fills in and takes away; its value is a list of objects. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { optionsOf } from '../../core/schema.js';
import { blankRow, columnsOf } from '../../core/rows.js';
import { IconButton } from '../../ui/atoms.js';
import { Icon } from '../../ui/icon.js';
import { h } from '../../ui/kit.js';
import { Framed } from './framed.js';

const MOST = 500;

/** @param {{column: any, row: any, label: string, disabled: boolean, onChange: (value: any) => void}} props */
function Cell({ column, row, label, disabled, onChange }) {
  const value = row[column.id];
  const shared = { 'aria-label': label, disabled, className: 'cell-input' };
  if (column.type === 'boolean') {
    return h('input', {
      ...shared,
      type: 'checkbox',
      className: 'tick',
      checked: value === true,
      onChange: (/** @type {any} */ event) => onChange(event.target.checked),
    });
  }
  if (column.type === 'select') {
    return h(
      'select',
      { ...shared, value: text(value), onChange: (/** @type {any} */ event) => onChange(event.target.value) },
      h('option', { value: '' }, '–'),
      ...optionsOf(column.options).map((one) => h('option', { key: one.value, value: one.value }, one.label)),
    );
  }
  const isNumber = column.type === 'number';
  return h('input', {
    ...shared,
    type: isNumber ? 'number' : 'text',
    value: text(value),
    min: isNumber ? column.min : undefined,
    max: isNumber ? column.max : undefined,
    step: isNumber ? column.step ?? 'any' : undefined,
    placeholder: column.placeholder,
    onChange: (/** @type {any} */ { target }) =>
      onChange(isNumber ? (target.value === '' ? null : Number(target.value)) : target.value),
  });
}

/** @param {{common: any, field: any, value: any}} props */
export function RowsField({ common, field, value }) {
  const columns = columnsOf(field.columns);
  const rows = /** @type {any[]} */ (Array.isArray(value) ? value : []).map((row) => (isObject(row) ? row : {}));
  const put = (/** @type {number} */ at, /** @type {string} */ id, /** @type {any} */ now) =>
    common.onChange(rows.map((row, index) => (index === at ? { ...row, [id]: now } : row)));
  return h(Framed, {
    common,
    control: () =>
      h(
        'div',
        { className: 'rows-field' },
        rows.length > 0 && h(
          'div',
          { className: 'table-scroll', tabIndex: 0, role: 'group', 'aria-label': text(common.label) },
          h(
            'table',
            { className: 'table' },
            h(
              'thead',
              {},
              h(
                'tr',
                {},
                ...columns.map((column) => h('th', { key: column.id, scope: 'col' }, column.label)),
                h('th', {}, h('span', { className: 'sr-only' }, 'Remove')),
              ),
            ),
            h(
              'tbody',
              {},
              ...rows.map((row, at) =>
                h(
                  'tr',
                  { key: at },
                  ...columns.map((column) =>
                    h(
                      'td',
                      { key: column.id },
                      h(Cell, {
                        column,
                        row,
                        label: `${column.label}, row ${at + 1}`,
                        disabled: common.disabled,
                        onChange: (now) => put(at, column.id, now),
                      }),
                    )
                  ),
                  h(
                    'td',
                    { className: 'narrow' },
                    h(IconButton, {
                      label: `Remove row ${at + 1} of ${text(common.label)}`,
                      icon: 'trash-2',
                      size: 15,
                      disabled: common.disabled,
                      onClick: () => common.onChange(rows.filter((_, index) => index !== at)),
                    }),
                  ),
                )
              ),
            ),
          ),
        ),
        h(
          'button',
          {
            type: 'button',
            className: 'mini-button tone-indigo',
            disabled: common.disabled || rows.length >= MOST,
            'aria-label': `Add a row to ${text(common.label)}`,
            onClick: () => common.onChange([...rows, blankRow(columns)]),
          },
          h(Icon, { name: 'plus', size: 14 }),
          'Add a row',
        ),
      ),
  });
}
