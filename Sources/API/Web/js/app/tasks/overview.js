/** How the queues are doing now: what waits, what runs, who works, how fast. */
import { number, text } from '../../core/format.js';
import { paths } from '../../net/tasks.js';
import { Empty, pending, Problem } from '../../ui/atoms.js';
import { useStore } from '../../ui/hooks.js';
import { Icon } from '../../ui/icon.js';
import { h, SimpleGrid, Stack } from '../../ui/kit.js';
import { Spark } from '../../components/data/spark.js';
import { counts, useLive } from '../live.js';
import { Grid, Panel, When } from '../parts.js';
import { Backlog, Latency, Throughput, useReadings } from './charts.js';
import { Coming } from './coming.js';
import { Frame, State, TaskName, Took } from './frame.js';
import { Queues } from './queues.js';
import { Running } from './running.js';
import { Workers } from './workers.js';

/** Tasks read for the latency, and those of them that are listed. */
const [READ, LISTED] = [50, 10];

/** @param {{label: string, value: unknown, icon: string, tone?: string, values?: number[]}} props */
const Figure = ({ label, value, icon, tone = 'indigo', values = [] }) =>
  h(
    'div',
    { className: 'stat', 'data-figure': label },
    h('span', { className: `stat-icon tone-${tone}` }, h(Icon, { name: icon, size: 22 })),
    h(
      'div',
      { className: 'stat-words' },
      h('span', { className: 'stat-label' }, label),
      h('span', { className: 'stat-value' }, value === undefined ? '–' : number(value)),
    ),
    values.length > 2 && Math.max(...values) > Math.min(...values) &&
      h('span', { className: 'stat-side' }, h(Spark, { values, color: tone })),
  );

/** @param {{source: any}} props */
function Latest({ source }) {
  const list = (source.data?.tasks ?? []).slice(0, LISTED);
  return h(
    Panel,
    { title: 'Latest', icon: 'history', flush: true },
    pending(source) ?? (list.length
      ? h(Grid, {
        label: 'Latest',
        heads: ['Task', 'State', 'Queue', 'Accepted', 'Took'],
        keys: list.map((/** @type {any} */ one) => one.task_id),
        rows: list.map((/** @type {any} */ one) => [
          h(TaskName, { task: one }),
          h(State, { state: one.state }),
          text(one.queue),
          h(When, { at: one.accepted_at ?? one.at }),
          h(Took, { task: one }),
        ]),
      })
      : h(Empty, { icon: 'history', title: 'No task has been accepted yet' })),
  );
}

export function Overview() {
  const queues = useLive(paths.queues, ['queues', 'workers']);
  const workers = useLive(paths.workers, ['workers']);
  const summary = useLive(paths.summary, ['tasks']);
  const recent = useLive(paths.tasks({ limit: READ }), ['tasks']);
  const readings = useReadings({ queues, summary, recent });
  const now = { ...queues.data, ...useStore(counts) };
  const sum = (queues.data?.queues ?? []).reduce(
    (/** @type {number} */ all, /** @type {any} */ one) => all + (one.waiting ?? 0),
    0,
  );
  const failed = (now.states ?? summary.data?.states)?.FAILURE;
  return h(
    Frame,
    { at: '/tasks', title: 'Tasks', about: 'What the queues and their workers do right now.' },
    queues.error && queues.data &&
      h(Problem, { title: 'This may be out of date', message: text(queues.error.message), onRetry: queues.refresh }),
    Stack(
      { gap: 'md' },
      SimpleGrid(
        { cols: { base: 2, md: 3, lg: 5 }, spacing: 'md' },
        h(Figure, {
          label: 'Waiting',
          value: now.waiting ?? (queues.data && sum),
          icon: 'inbox',
          values: readings.map((one) => one.waiting),
        }),
        h(Figure, {
          label: 'Running',
          value: now.running,
          icon: 'play',
          tone: 'blue',
          values: readings.map((one) => one.running),
        }),
        h(Figure, { label: 'Scheduled', value: now.scheduled, icon: 'calendar-clock', tone: 'grape' }),
        h(Figure, { label: 'Failed', value: failed, icon: 'circle-x', tone: 'orange' }),
        h(Figure, { label: 'Dead', value: now.dead, icon: 'mail-x', tone: now.dead ? 'red' : 'gray' }),
      ),
      h(Throughput, { readings }),
      SimpleGrid({ cols: { base: 1, lg: 2 }, spacing: 'md' }, h(Backlog, { readings }), h(Latency, { readings })),
      h(Running),
      h(Queues, { source: queues }),
      h(Workers, { source: workers }),
      h(Coming, { count: now.scheduled }),
      h(Latest, { source: recent }),
    ),
  );
}
