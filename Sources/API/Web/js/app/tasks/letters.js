/** The dead letters of one cause, and one of them whole. */
import { text } from '../../core/format.js';
import { paths, tasks, withQuery } from '../../net/tasks.js';
import { pending } from '../../ui/atoms.js';
import { h, useState } from '../../ui/kit.js';
import { CodeBlock } from '../../components/content/code.js';
import { Do, Grid, useApi, When } from '../parts.js';

/** @param {{letter: any}} props */
function Letter({ letter }) {
  const source = useApi(paths.letter(letter.id), 0);
  const whole = source.data;
  return pending(source) ??
    h(CodeBlock, {
      words: text(
        whole?.args === undefined ? whole?.message : JSON.stringify(
          {
            task: whole.name,
            args: whole.args,
            kwargs: whole.kwargs,
            retries: whole.retries,
            worker: whole.worker,
            crashes: whole.crashes,
          },
          null,
          2,
        ),
      ),
      node: {},
    });
}

/** The letters of one cause. @param {{fingerprint: string, after: () => void}} props */
export function Letters({ fingerprint, after }) {
  const source = useApi(withQuery(paths.dead, { fingerprint, limit: 50 }), 5);
  const [open, setOpen] = useState('');
  const list = source.data?.letters ?? [];
  return pending(source) ?? h(
    'div',
    {},
    h(Grid, {
      label: 'Dead letters',
      heads: ['Task id', 'When', 'Queue', ''],
      keys: list.map((/** @type {any} */ one) => one.id),
      rows: list.map((/** @type {any} */ one) => [
        h('code', {}, text(one.task_id ?? one.id)),
        h(When, { at: one.at }),
        text(one.queue),
        h(
          'div',
          { className: 'row-actions' },
          h('button', {
            type: 'button',
            className: 'mini-button tone-gray',
            'aria-expanded': open === one.id,
            onClick: () => setOpen(open === one.id ? '' : one.id),
          }, 'Show'),
          h(Do, {
            label: 'Send again',
            icon: 'send',
            tone: 'indigo',
            run: () => tasks.replay({ ids: [one.id] }),
            done: 'Sent again',
            after,
          }),
        ),
      ]),
    }),
    open && list.some((/** @type {any} */ one) => one.id === open) &&
      h(
        'div',
        { className: 'panel-body' },
        h(Letter, { letter: list.find((/** @type {any} */ one) => one.id === open) }),
      ),
  );
}
