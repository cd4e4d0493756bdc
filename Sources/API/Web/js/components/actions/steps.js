/** The steps of a form, and the line that says which of them is being filled in. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { fieldsOf } from '../../core/schema.js';
import { Icon } from '../../ui/icon.js';
import { h } from '../../ui/kit.js';

/** @param {unknown} list @returns {{id: string, label: string, help: string, fields: any[]}[]} */
export const stepsOf = (list) =>
  (Array.isArray(list) ? list : []).filter(isObject).slice(0, 20).map((step, index) => ({
    id: text(step.id ?? index),
    label: text(step.label ?? step.title ?? `Step ${index + 1}`),
    help: text(step.description ?? step.help ?? ''),
    fields: fieldsOf(step.fields),
  }));

/** @param {{steps: ReturnType<typeof stepsOf>, at: number, onGo: (index: number) => void}} props */
export const StepList = ({ steps, at, onGo }) =>
  h(
    'ol',
    { className: 'steps', 'aria-label': 'Steps' },
    ...steps.map((step, index) =>
      h(
        'li',
        {
          key: step.id,
          className: index < at ? 'done' : index === at ? 'now' : '',
          'aria-current': index === at ? 'step' : undefined,
        },
        h(
          'button',
          { type: 'button', disabled: index >= at, onClick: () => onGo(index) },
          h(
            'span',
            { className: 'step-mark', 'aria-hidden': true },
            index < at ? h(Icon, { name: 'check', size: 14 }) : index + 1,
          ),
          step.label,
          index < at && h('span', { className: 'sr-only' }, ', done'),
        ),
      )
    ),
  );
