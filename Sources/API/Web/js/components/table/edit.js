/** A cell that is changed where it stands: Enter or a double click opens it, Enter saves, Escape takes it back. */
import { text } from '../../core/format.js';
import { optionsOf } from '../../core/schema.js';
import { Icon } from '../../ui/icon.js';
import { h, useEffect, useRef, useState } from '../../ui/kit.js';
import { Cell, valueOf } from './cell.js';

/** What was typed, as the type the cell had. @param {string} typed @param {any} before */
export function typedAs(typed, before) {
  if (typeof before === 'number' && typed.trim() !== '' && Number.isFinite(Number(typed))) return Number(typed);
  return typeof before === 'boolean' ? typed === 'true' : typed;
}

/** @param {{row: any, column: any, scope: object, pending: any, onSave: (value: any) => void}} props */
export function EditableCell({ row, column, scope, pending, onSave }) {
  const before = valueOf(row, column);
  const [draft, setDraft] = useState(/** @type {string | undefined} */ (undefined));
  const input = useRef(/** @type {any} */ (undefined));
  const button = useRef(/** @type {any} */ (undefined));
  const was = useRef(false);
  useEffect(() => {
    if (draft !== undefined && !was.current) {
      input.current?.focus();
      input.current?.select?.();
    }
    if (draft === undefined && was.current) button.current?.focus();
    was.current = draft !== undefined;
  }, [draft]);
  const open = () => setDraft(text(pending ?? before));
  const save = () => {
    const value = typedAs(draft ?? '', before);
    setDraft(undefined);
    if (value !== before) onSave(value);
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'Enter') save();
    if (event.key === 'Escape') setDraft(undefined);
    if (event.key === 'Enter' || event.key === 'Escape') event.preventDefault();
    event.stopPropagation();
  };
  if (draft === undefined) {
    return h(
      'span',
      { className: `editable ${pending === undefined ? '' : 'saving'}`, onDoubleClick: open },
      h(Cell, { row, column, scope, value: pending }),
      h('button', {
        type: 'button',
        ref: button,
        className: 'edit-button',
        'aria-label': `Edit ${column.label} of ${text(row?.name ?? row?.label ?? row?.id)}`,
        onClick: open,
      }, h(Icon, { name: 'pencil', size: 13 })),
    );
  }
  const shared = {
    ref: input,
    value: draft,
    onChange: (/** @type {any} */ event) => setDraft(event.target.value),
    onKeyDown: key,
    onBlur: save,
    'aria-label': column.label,
    className: 'cell-input',
  };
  const options = typeof before === 'boolean'
    ? optionsOf([{ value: 'true', label: 'Yes' }, { value: 'false', label: 'No' }])
    : optionsOf(column.options ?? column.editor?.options);
  if (options.length) {
    return h(
      'select',
      shared,
      ...options.map((one) => h('option', { key: one.value, value: one.value }, one.label)),
    );
  }
  return h('input', { ...shared, type: typeof before === 'number' ? 'number' : 'text', step: 'any' });
}
