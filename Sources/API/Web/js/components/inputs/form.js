/** The state of a form: values, what is wrong with them, and whether anything changed. */
import { problemOf, sendable } from '../../core/schema.js';
import { json } from '../../core/format.js';
import { useEvent, useStable } from '../../ui/hooks.js';
import { h, useEffect, useState } from '../../ui/kit.js';
import { Field } from './field.js';

/** @param {any[]} fields @param {Record<string, any>} initial changes to it replace what was not edited */
export function useForm(fields, initial) {
  const start = useStable(initial);
  const [values, setValues] = useState(start);
  const [problems, setProblems] = useState(/** @type {Record<string, string>} */ ({}));
  useEffect(() => setValues(start), [start]);
  const set = useEvent((id, value) => {
    setValues((/** @type {any} */ now) => ({ ...now, [id]: value }));
    setProblems(({ [id]: _, ...rest }) => rest);
  });
  /** The values to send, or undefined after saying what is wrong. */
  const check = useEvent(() => {
    const found = Object.fromEntries(
      fields.map((field) => [field.id, problemOf(field, values[field.id])]).filter(([, problem]) => problem),
    );
    setProblems(found);
    return Object.keys(found).length ? undefined : sendable(fields, values);
  });
  const reset = useEvent(() => {
    setValues(start);
    setProblems({});
  });
  return { values, problems, set, check, reset, dirty: json(values) !== json(start) };
}

/** @param {{fields: any[], form: ReturnType<typeof useForm>, disabled?: boolean, columns?: boolean}} props */
export const Fields = ({ fields, form, disabled = false, columns = true }) =>
  h(
    'div',
    { className: `fields ${columns && fields.length > 1 ? 'two' : ''}` },
    ...fields.map((field) =>
      h(
        'div',
        { key: field.id, className: ['textarea', 'json', 'info'].includes(field.input) ? 'wide' : undefined },
        h(Field, {
          field,
          value: form.values[field.id],
          error: form.problems[field.id],
          disabled,
          onChange: (/** @type {any} */ value) => form.set(field.id, value),
        }),
      )
    ),
  );
