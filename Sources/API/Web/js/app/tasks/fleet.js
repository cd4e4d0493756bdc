/** The queues and the workers, and what can be told to them. */
import { number, text } from '../../core/format.js';
import { tasks } from '../../net/tasks.js';
import { pending, Pill } from '../../ui/atoms.js';
import { h } from '../../ui/kit.js';
import { Bar, Do, Grid, Panel } from '../parts.js';

/** @param {{source: any}} props */
export function Queues({ source }) {
  const list = source.data?.queues ?? [];
  const pausable = list.some((/** @type {any} */ one) => one.paused !== undefined);
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
        one.paused
          ? h(Pill, { tone: 'yellow', icon: 'pause' }, 'paused')
          : one.consumers && !one.consumers.length && one.waiting
          ? h(Pill, { tone: 'red', dot: true }, 'nobody takes from it')
          : h(Pill, { tone: 'teal', dot: true }, 'open'),
        pausable && h(
          'div',
          { className: 'row-actions' },
          h(Do, {
            label: one.paused ? 'Resume' : 'Pause',
            icon: one.paused ? 'play' : 'pause',
            tone: one.paused ? 'teal' : 'gray',
            run: () => tasks.pause(one.name, !one.paused),
            after: source.refresh,
          }),
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
            after: source.refresh,
          }),
        ),
      ]),
    }),
  );
}

/** @param {{source: any}} props */
export function Workers({ source }) {
  const list = source.data?.workers ?? [];
  return h(
    Panel,
    { title: 'Workers', icon: 'server', note: list.length ? number(list.length) : '', flush: true },
    pending(source, { empty: !list.length, title: 'No worker is alive' }) ?? h(Grid, {
      label: 'Workers',
      heads: ['Name', 'State', 'Slots in use', 'Queues', ''],
      keys: list.map((/** @type {any} */ one) => one.name),
      rows: list.map((/** @type {any} */ one) => {
        const [slots, used] = [one.slots ?? one.concurrency, (one.running ?? []).length];
        return [
          h(
            'span',
            {},
            h('strong', {}, text(one.name)),
            one.pid && h('span', { className: 'dim' }, ` process ${one.pid}`),
          ),
          h(
            Pill,
            { tone: one.state === 'taking' || !one.state ? 'teal' : 'yellow', dot: true },
            text(one.state ?? 'alive'),
          ),
          slots
            ? h(
              'span',
              { className: 'slots' },
              h(Bar, { percent: (100 * used) / slots, label: `Slots of ${one.name}` }),
              h('span', { className: 'dim' }, ` ${used} of ${slots}`),
            )
            : number(used),
          text((one.queues ?? []).join(', ')),
          one.slots !== undefined && h(
            'div',
            { className: 'row-actions' },
            h(Do, {
              label: 'Quiet',
              icon: 'bell-off',
              question: {
                title: 'Take nothing more?',
                message: `${one.name} finishes what it has and takes no new task.`,
                confirmLabel: 'Quiet it',
              },
              run: () => tasks.worker(one.name, 'quiet'),
              after: source.refresh,
            }),
            h(Do, {
              label: 'Stop',
              icon: 'power',
              tone: 'red',
              question: {
                title: `Stop ${one.name}?`,
                message: 'Its tasks get their grace, then go back to their queues.',
                confirmLabel: 'Stop',
                color: 'red',
              },
              run: () => tasks.worker(one.name, 'stop'),
              done: 'Told to stop',
              after: source.refresh,
            }),
          ),
        ];
      }),
    }),
  );
}
