/** The state of a form: values, what is wrong with them, and whether anything changed. */
import { isShown } from '../../core/condition.js';
import { json, text } from '../../core/format.js';
import { flat } from '../../core/schema.js';
import { filesOf, problemOf, sendable } from '../../core/values.js';
import { useEvent, useStable } from '../../ui/hooks.js';
import { Icon } from '../../ui/icon.js';
import { Fragment, h, useEffect, useState } from '../../ui/kit.js';
import { AnyField } from './sourced.js';

/** The fields that can be seen with these values. @param {any[]} fields @param {Record<string, any>} values @param {object} [scope] @returns {any[]} */
export const shownOf = (fields, values, scope = {}) =>
  fields.filter((field) => isShown(field, { ...scope, values })).map((field) =>
    field.input === 'section' ? { ...field, fields: shownOf(field.fields, values, scope) } : field
  );

/** @param {any[]} fields @param {Record<string, any>} initial changes to it replace what was not edited @param {object} [scope] what conditions see besides `values` */
export function useForm(fields, initial, scope = {}) {
  const start = useStable(initial);
  const [values, setValues] = useState(start);
  const [problems, setProblems] = useState(/** @type {Record<string, string>} */ ({}));
  useEffect(() => setValues(start), [start]);
  const set = useEvent((id, value) => {
    setValues((/** @type {any} */ now) => ({ ...now, [id]: value }));
    setProblems(({ [id]: _, ...rest }) => rest);
  });
  /** Whether these fields, or all that are shown, are right; says what is not and goes to the first of it. */
  const isRight = useEvent((/** @type {any[]} */ some = fields) => {
    const asked = flat(shownOf(some, values, scope));
    const found = Object.fromEntries(
      asked.map((field) => [field.id, problemOf(field, values[field.id])]).filter(([, problem]) => problem),
    );
    setProblems(found);
    return Object.keys(found).length === 0;
  });
  /** The values to send, or undefined after saying what is wrong. Hidden fields are not sent. */
  const check = useEvent(() => {
    if (!isRight()) return undefined;
    const shown = new Set(flat(shownOf(fields, values, scope)).map((field) => field.id));
    const known = new Set(flat(fields).map((field) => field.id));
    return sendable(
      fields,
      Object.fromEntries(Object.entries(values).filter(([id]) => shown.has(id) || !known.has(id))),
    );
  });
  const files = useEvent(() => filesOf(fields, values));
  const reset = useEvent(() => {
    setValues(start);
    setProblems({});
  });
  return {
    values,
    problems,
    set,
    check,
    isRight,
    /** What somebody else found wrong, by field. */
    blame: setProblems,
    files,
    reset,
    dirty: json(values) !== json(start) || filesOf(fields, values) !== undefined,
  };
}

const WIDE = new Set(['textarea', 'json', 'info', 'section', 'file', 'upload', 'table', 'range', 'slider']);

/** @param {{fields: any[], form: ReturnType<typeof useForm>, disabled?: boolean, columns?: boolean, scope?: object}} props */
export const Fields = ({ fields, form, disabled = false, columns = true, scope = {} }) =>
  h(
    'div',
    { className: `fields ${columns && fields.length > 1 ? 'two' : ''}` },
    ...shownOf(fields, form.values, scope).map((field) =>
      h(
        'div',
        { key: field.id, className: WIDE.has(field.input) || field.fullWidth === true ? 'wide' : undefined },
        field.input === 'section' ? h(Section, { field, form, disabled, columns, scope }) : h(AnyField, {
          field: { ...field, raw: field.options_raw },
          value: form.values[field.id],
          error: form.problems[field.id],
          disabled,
          onChange: (/** @type {any} */ value) => form.set(field.id, value),
        }),
      )
    ),
  );

/** Fields that belong together; those of a folded one are checked and sent all the same. @param {any} props */
function Section({ field, form, disabled, columns, scope }) {
  const folds = field.collapsed !== undefined;
  const wrong = flat([field]).some((/** @type {any} */ one) => form.problems[one.id]);
  const [opened, setOpened] = useState(field.collapsed !== true);
  const open = opened || wrong || !folds;
  if (!field.fields.length) {
    return h(
      Fragment,
      {},
      h('p', { className: 'section-title' }, text(field.label)),
      field.help && h('p', { className: 'dim' }, field.help),
    );
  }
  const head = folds
    ? h(
      'button',
      { type: 'button', className: 'section-fold', 'aria-expanded': open, onClick: () => setOpened(!open) },
      h(Icon, { name: open ? 'chevron-down' : 'chevron-right', size: 15 }),
      field.label,
    )
    : field.label;
  return h(
    'fieldset',
    { className: `section ${open ? '' : 'folded'}` },
    h('legend', {}, head),
    field.help && h('p', { className: 'dim' }, field.help),
    open && h(Fields, { fields: field.fields, form, disabled, columns, scope }),
  );
}
