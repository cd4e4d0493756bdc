/** The dead letters of one cause: one of them whole, sent again as it is or mended, discarded. */
import { json, number, text } from '../../core/format.js';
import { paths, tasks, withQuery } from '../../net/tasks.js';
import { pending } from '../../ui/atoms.js';
import { Icon } from '../../ui/icon.js';
import { h, Stack, useState } from '../../ui/kit.js';
import { notify } from '../../ui/notify.js';
import { CodeBlock } from '../../components/content/code.js';
import { FoldGrid } from '../foldgrid.js';
import { useLive } from '../live.js';
import { Do, useApi, When } from '../parts.js';
import { CallEditor } from './again.js';

/** As many are listed; the others come up when these are gone. */
const LISTED = 50;

/** @param {{letter: any, mend: (letter: any) => void}} props */
function Letter({ letter, mend }) {
  const source = useApi(paths.letter(letter.id), 0);
  const whole = source.data;
  if (!whole) return pending(source) ?? null;
  const { name: task, args, kwargs, retries, worker, crashes, reason } = whole;
  const isReadable = args !== undefined;
  return Stack(
    { gap: 'sm' },
    h(CodeBlock, {
      words: isReadable ? json({ task, args, kwargs, retries, worker, crashes, reason }, 2) : text(whole.message),
      node: {},
    }),
    isReadable
      ? h(
        'div',
        {},
        h(
          'button',
          { type: 'button', className: 'mini-button tone-indigo', onClick: () => mend(whole) },
          h(Icon, { name: 'pencil', size: 14 }),
          'Mend and send…',
        ),
      )
      : h('p', { className: 'dim' }, 'It cannot be read, so it can only be sent again as it is.'),
  );
}

/** The letters of one cause. @param {{fingerprint: string, after: () => void}} props */
export function Letters({ fingerprint, after }) {
  const source = useLive(withQuery(paths.dead, { fingerprint, limit: LISTED }), ['dead']);
  const [mended, mend] = useState(/** @type {any} */ (undefined));
  const list = source.data?.letters ?? [];
  const changed = () => {
    source.refresh();
    after();
  };
  const rowOf = (/** @type {any} */ one) => ({
    key: text(one.id),
    label: `Show ${text(one.task_id ?? one.id)}`,
    more: () => h(Letter, { letter: one, mend }),
    cells: [
      h('code', {}, text(one.task_id ?? one.id)),
      h(When, { at: one.at }),
      text(one.queue),
      text(one.worker) || '–',
      h(
        'div',
        { className: 'row-actions' },
        h(Do, {
          label: 'Send again',
          icon: 'send',
          tone: 'indigo',
          run: () => tasks.replay({ ids: [one.id] }),
          done: 'Sent again',
          after: changed,
        }),
      ),
    ],
  });
  return pending(source) ?? h(
    'div',
    {},
    h(FoldGrid, { label: 'Dead letters', heads: ['Task id', 'When', 'Queue', 'Worker', ''], rows: list.map(rowOf) }),
    source.data.total > list.length &&
      h('p', { className: 'dim letters-more' }, `The newest ${number(list.length)} of ${number(source.data.total)}.`),
    h(CallEditor, {
      title: 'Mend and send',
      about: 'The letter leaves this list; its task runs with these arguments.',
      call: mended,
      confirm: 'Send',
      close: () => mend(undefined),
      send: async (changes) => {
        await tasks.replayLetter(mended.id, changes);
        notify({ title: 'Sent again' });
        changed();
      },
    }),
  );
}
