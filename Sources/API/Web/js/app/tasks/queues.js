/** The queues: what waits, who takes it; paused, drained, emptied. */
import { number, text } from '../../core/format.js';
import { paths, tasks } from '../../net/tasks.js';
import { pending, Pill } from '../../ui/atoms.js';
import { Icon } from '../../ui/icon.js';
import { Button, Group, h, Modal, Stack, useState } from '../../ui/kit.js';
import { useLive } from '../live.js';
import { Do, Grid, Panel } from '../parts.js';

/** What of a queue is left, by where it is. @param {{left: any}} props */
const Left = ({ left }) =>
  h(
    'dl',
    { className: 'details' },
    ...[['Waiting', left.waiting], ['Running', left.running], ['Waiting for their time', left.scheduled], [
      'Waiting for a limit',
      left.parked,
    ]].flatMap(([label, count]) => [h('dt', { key: `t${label}` }, label), h('dd', { key: label }, number(count))]),
  );

/** What becomes of a queue that is to be drained: what is there is done, nothing is taken away. @param {{name: string, close: () => void}} props */
function Draining({ name, close }) {
  const source = useLive(paths.queue(name), ['queues', 'tasks'], 2);
  const left = source.data;
  const isPaused = Boolean(left?.paused);
  return Stack(
    { gap: 'md' },
    pending(source) ?? h(
      'div',
      { className: 'draining' },
      h(
        'p',
        { role: 'status' },
        left.total
          ? h('strong', {}, `${number(left.total)} left`)
          : h(Pill, { tone: 'teal', icon: 'check' }, 'drained: nothing is left'),
        left.total > 0 && isPaused
          ? ' Paused: what runs is finished, what waits stays until it is resumed.'
          : left.total > 0
          ? ' Its workers go on until nothing is left. Send nothing more to it.'
          : '',
      ),
      h(Left, { left }),
    ),
    Group(
      { justify: 'flex-end' },
      left && h(Do, {
        label: isPaused ? 'Resume' : 'Pause',
        icon: isPaused ? 'play' : 'pause',
        run: () => tasks.pause(name, !isPaused),
      }),
      Button({ variant: 'default', onClick: close }, 'Done'),
    ),
  );
}

/** @param {{one: any}} props */
const QueueState = ({ one }) =>
  one.paused
    ? h(Pill, { tone: 'yellow', icon: 'pause' }, 'paused')
    : one.consumers && !one.consumers.length && one.waiting
    ? h(Pill, { tone: 'red', dot: true }, 'nobody takes from it')
    : h(Pill, { tone: 'teal', dot: true }, 'open');

/** @param {{one: any, drain: (name: string) => void}} props */
const Verbs = ({ one, drain }) =>
  h(
    'div',
    { className: 'row-actions' },
    h(Do, {
      label: one.paused ? 'Resume' : 'Pause',
      icon: one.paused ? 'play' : 'pause',
      tone: one.paused ? 'teal' : 'gray',
      run: () => tasks.pause(one.name, !one.paused),
    }),
    h(
      'button',
      {
        type: 'button',
        className: 'mini-button tone-gray',
        'aria-label': `Drain ${text(one.name)}`,
        onClick: () => drain(one.name),
      },
      h(Icon, { name: 'hourglass', size: 14 }),
      'Drain',
    ),
    h(Do, {
      label: 'Empty',
      icon: 'trash-2',
      tone: 'red',
      disabled: !one.waiting,
      question: {
        title: `Empty “${one.name}”?`,
        message: `${number(one.waiting)} waiting tasks are cancelled for good.`,
        confirmLabel: 'Cancel them',
        cancelLabel: 'Keep them',
        color: 'red',
      },
      run: () => tasks.purge(one.name),
      done: (answer) => `${number(answer.purged)} tasks cancelled`,
    }),
  );

/** @param {{source: any}} props */
export function Queues({ source }) {
  const [drained, drain] = useState('');
  const list = source.data?.queues ?? [];
  return h(
    Panel,
    { title: 'Queues', icon: 'layers', note: list.length ? number(list.length) : '', flush: true },
    pending(source, { empty: !list.length, title: 'No queues yet' }) ?? h(Grid, {
      label: 'Queues',
      heads: ['Name', 'Waiting', 'Workers', 'State', ''],
      keys: list.map((/** @type {any} */ one) => one.name),
      rows: list.map((/** @type {any} */ one) => [
        h('strong', {}, text(one.name)),
        number(one.waiting),
        one.consumers ? number(one.consumers.length) : '–',
        h(QueueState, { one }),
        h(Verbs, { one, drain }),
      ]),
    }),
    Modal(
      {
        opened: Boolean(drained),
        onChange: (/** @type {boolean} */ is) => is || drain(''),
        title: `Drain “${drained}”`,
        size: 'md',
      },
      drained && h(Draining, { name: drained, close: () => drain('') }),
    ),
  );
}
