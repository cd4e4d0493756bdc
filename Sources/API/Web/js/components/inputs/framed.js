/** What stands around a control that has no label of its own. */
import { text } from '../../core/format.js';
import { h, useId } from '../../ui/kit.js';

/** A label, help, one or more parts of a control, and what is wrong with it. A control that is named the same makes no group.
 *  @param {{common: any, control: (labelled: string) => any, error?: unknown, isGroup?: boolean}} props */
export function Framed({ common, control, error = common.error, isGroup = true }) {
  const id = useId();
  return h(
    'div',
    { className: 'framed', ...(isGroup && { role: 'group', 'aria-labelledby': id }) },
    h(
      'span',
      { className: 'framed-label', id },
      text(common.label),
      common.withAsterisk && h('span', { className: 'asterisk', 'aria-hidden': true }, ' *'),
    ),
    common.description && h('span', { className: 'framed-help' }, common.description),
    ...[control(id)].flat(),
    error && h('span', { className: 'framed-error', role: 'alert' }, error),
  );
}
