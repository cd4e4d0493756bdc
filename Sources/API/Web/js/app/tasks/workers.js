/** The workers: their slots, what they run, their memory; quieted, called back, stopped. */
import { ago, bytes, duration, number, text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { paths, tasks } from '../../net/tasks.js';
import { pending, Pill } from '../../ui/atoms.js';
import { h, useState } from '../../ui/kit.js';
import { FoldGrid } from '../foldgrid.js';
import { useLive } from '../live.js';
import { Bar, Do, Panel } from '../parts.js';
import { TaskLink } from './frame.js';

/**
 * Between two questions to a worker that somebody looks at, when the server says that workers have changed: it is the
 * worker itself that answers. Memory is told to nobody and may be as old as a list that nobody speaks of. Milliseconds.
 */
const CALM = 5_000;

/** What it says of itself when it is asked. @param {{worker: any}} props */
function About({ worker }) {
  const source = useLive(paths.worker(worker.name), ['workers'], CALM / 1000, undefined, CALM);
  const found = source.data;
  const stats = isObject(found?.stats) ? found.stats : {};
  const running = (found?.running ?? worker.running ?? []).map((/** @type {any} */ one) =>
    isObject(one) ? { ...one, task_id: one.id } : { task_id: one }
  );
  const facts = /** @type {[string, unknown][]} */ ([
    ['Memory', found?.memory_bytes === undefined ? '' : `${bytes(found.memory_bytes)} at most so far`],
    ['Up for', stats.uptime === undefined ? '' : duration(Number(stats.uptime))],
    [
      'Done',
      isObject(stats.total)
        ? Object.entries(stats.total).map(([name, count]) => `${number(count)} × ${name}`).join(', ')
        : '',
    ],
    ['Host', text(worker.host)],
    ['Process', text(worker.pid ?? stats.pid)],
  ]);
  return pending(source) ?? h(
    'div',
    { className: 'worker-about' },
    found && !isObject(found.stats) && h('p', { className: 'dim' }, 'It does not answer; what follows it told before.'),
    h(
      'dl',
      { className: 'details' },
      ...facts.filter(([, value]) => value).flatMap(([label, value]) => [
        h('dt', { key: `t${label}` }, label),
        h('dd', { key: label }, text(value)),
      ]),
    ),
    running.length
      ? h(
        'ul',
        { className: 'worker-tasks', 'aria-label': `What ${text(worker.name)} runs` },
        ...running.slice(0, 100).map((/** @type {any} */ one) =>
          h(
            'li',
            { key: text(one.task_id) },
            h(TaskLink, { task: one }),
            one.began && h('span', { className: 'dim' }, ` began ${ago(Number(one.began) * 1000)}`),
          )
        ),
      )
      : h('p', { className: 'dim' }, 'It runs nothing.'),
  );
}

/** @param {{worker: any}} props */
function Verbs({ worker }) {
  // Which queues it had before somebody quieted it here.
  const [before, setBefore] = useState(/** @type {string[]} */ ([]));
  const queues = worker.queues ?? [];
  const back = queues.length ? [] : before;
  return h(
    'div',
    { className: 'row-actions' },
    back.length
      ? h(Do, {
        label: 'Take again',
        icon: 'play',
        tone: 'teal',
        run: () => tasks.takeAgain(worker.name, back),
        done: `${text(worker.name)} takes tasks again`,
      })
      : h(Do, {
        label: 'Quiet',
        icon: 'bell-off',
        disabled: !queues.length,
        question: {
          title: 'Take nothing more?',
          message: `${worker.name} finishes what it has and takes no new task.`,
          confirmLabel: 'Quiet it',
        },
        run: async () => {
          await tasks.worker(worker.name, 'quiet');
          setBefore(queues);
        },
      }),
    h(Do, {
      label: 'Stop',
      icon: 'power',
      tone: 'red',
      question: {
        title: `Stop ${worker.name}?`,
        message: 'Its tasks get their grace, then go back to their queues.',
        confirmLabel: 'Stop',
        color: 'red',
      },
      run: () => tasks.worker(worker.name, 'stop'),
      done: 'Told to stop',
    }),
  );
}

/** @param {{worker: any}} props */
function Slots({ worker }) {
  const [slots, used] = [worker.slots ?? worker.concurrency, (worker.running ?? []).length];
  if (!slots) return number(used);
  return h(
    'span',
    { className: 'slots' },
    h(Bar, { percent: (100 * used) / slots, label: `Slots of ${worker.name}` }),
    h('span', { className: 'dim' }, ` ${used} of ${slots}`),
  );
}

/** @param {any} worker @returns {import('../foldgrid.js').Row} */
const rowOf = (worker) => ({
  key: text(worker.name),
  label: `More about ${text(worker.name)}`,
  more: () => h(About, { worker }),
  cells: [
    h('strong', {}, text(worker.name)),
    h(
      Pill,
      { tone: worker.state === 'taking' || !worker.state ? 'teal' : 'yellow', dot: true },
      text(worker.state ?? 'alive'),
    ),
    h(Slots, { worker }),
    h(
      'span',
      { className: 'worker-queues' },
      text((worker.queues ?? []).join(', ')) || h('span', { className: 'dim' }, 'none'),
    ),
    worker.slots !== undefined && h(Verbs, { worker }),
  ],
});

/** @param {{source: any}} props */
export function Workers({ source }) {
  const list = source.data?.workers ?? [];
  return h(
    Panel,
    { title: 'Workers', icon: 'server', note: list.length ? number(list.length) : '', flush: true },
    pending(source, { empty: !list.length, title: 'No worker is alive' }) ?? h(FoldGrid, {
      label: 'Workers',
      heads: ['Name', 'State', 'Slots in use', 'Queues', ''],
      rows: list.map(rowOf),
    }),
  );
}
