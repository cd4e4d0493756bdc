/** How the queues are doing now: what waits, what runs, who works, how fast. */
import { number, text, time } from '../../core/format.js';
import { paths } from '../../net/tasks.js';
import { Empty, Problem } from '../../ui/atoms.js';
import { h, LineChart, SimpleGrid, Stack, useEffect, useMemo, useState } from '../../ui/kit.js';
import { Icon } from '../../ui/icon.js';
import { Spark } from '../../components/data/spark.js';
import { Queues, Workers } from './fleet.js';
import { Bar, Grid, Panel, useApi, When } from '../parts.js';
import { Frame, shareOf, State, TaskLink } from './frame.js';

/** Readings kept for the charts of this page. */
const KEPT = 150;

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

/** What was read, one reading after the other, with the speed between them. @param {any} queues @param {any} summary */
function useReadings(queues, summary) {
  const [list, setList] = useState(/** @type {any[]} */ ([]));
  useEffect(() => {
    if (!queues.updated || !summary.data) return;
    const states = summary.data?.states ?? {};
    const waiting = (queues.data?.queues ?? []).reduce(
      (/** @type {number} */ sum, /** @type {any} */ one) => sum + (one.waiting ?? 0),
      0,
    );
    const now = {
      at: queues.updated,
      waiting,
      running: queues.data?.running ?? 0,
      done: states.SUCCESS ?? 0,
      failed: states.FAILURE ?? 0,
    };
    setList((/** @type {any[]} */ before) => [...before, now].slice(-KEPT));
  }, [queues.updated]);
  return list;
}

/** @param {any[]} readings */
const speeds = (readings) =>
  readings.slice(1).map((now, index) => {
    const before = readings[index];
    const seconds = Math.max(0.5, (now.at - before.at) / 1000);
    return {
      x: time(now.at),
      s0: Math.max(0, now.done - before.done) / seconds,
      s1: Math.max(0, now.failed - before.failed) / seconds,
    };
  });

/** @param {{readings: any[]}} props */
function Throughput({ readings }) {
  const points = useMemo(() => speeds(readings), [readings]);
  const last = points.at(-1);
  return h(
    Panel,
    {
      title: 'Throughput',
      icon: 'activity',
      note: last ? `${number(last.s0, 1)} a second done, ${number(last.s1, 1)} failed` : 'since this page was opened',
    },
    points.length < 2 ? h(Empty, { icon: 'activity', title: 'Collecting readings' }) : h(
      'div',
      { 'aria-hidden': true },
      LineChart({
        h: 180,
        data: points,
        dataKey: 'x',
        series: [{ name: 's0', label: 'Done a second', color: 'var(--mantine-color-teal-6)' }, {
          name: 's1',
          label: 'Failed a second',
          color: 'var(--mantine-color-red-6)',
        }],
        curveType: 'monotone',
        withDots: false,
        withLegend: true,
        gridAxis: 'x',
        tickLine: 'none',
        strokeWidth: 2,
        lineProps: { isAnimationActive: false },
        lineChartProps: { accessibilityLayer: false },
        yAxisProps: { width: 40 },
      }),
    ),
  );
}

/** @param {{list: any[], title: string, icon: string, empty: string}} props */
const Recent = ({ list, title, icon, empty }) =>
  h(
    Panel,
    { title, icon, flush: true },
    list.length
      ? h(Grid, {
        label: title,
        heads: ['Task', 'About', 'State', 'Progress', 'Accepted'],
        keys: list.map((one) => one.task_id),
        rows: list.map((
          one,
        ) => [
          h(TaskLink, { task: one }),
          text(one.about),
          h(State, { state: one.state }),
          shareOf(one.progress) === undefined
            ? ''
            : h(Bar, { percent: shareOf(one.progress) ?? 0, label: `Progress of ${one.task_id}` }),
          h(When, { at: one.accepted_at ?? one.at }),
        ]),
      })
      : h(Empty, { icon, title: empty }),
  );

export function Overview() {
  const queues = useApi(paths.queues, 2);
  const workers = useApi(paths.workers, 3);
  const summary = useApi(paths.summary, 2);
  const recent = useApi(paths.tasks({ limit: 12 }), 2);
  const readings = useReadings(queues, summary);
  const data = queues.data ?? {};
  const waiting = (data.queues ?? []).reduce(
    (/** @type {number} */ sum, /** @type {any} */ one) => sum + (one.waiting ?? 0),
    0,
  );
  const list = recent.data?.tasks ?? [];
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
          value: queues.data && waiting,
          icon: 'inbox',
          values: readings.map((one) => one.waiting),
        }),
        h(Figure, {
          label: 'Running',
          value: data.running,
          icon: 'play',
          tone: 'blue',
          values: readings.map((one) => one.running),
        }),
        h(Figure, { label: 'Scheduled', value: data.scheduled, icon: 'calendar-clock', tone: 'grape' }),
        h(Figure, { label: 'Failed', value: summary.data?.states?.FAILURE, icon: 'circle-x', tone: 'orange' }),
        h(Figure, { label: 'Dead', value: data.dead, icon: 'mail-x', tone: data.dead ? 'red' : 'gray' }),
      ),
      h(Throughput, { readings }),
      h(Queues, { source: queues }),
      h(Workers, { source: workers }),
      h(Recent, {
        list: list.filter((/** @type {any} */ one) => one.state === 'STARTED'),
        title: 'Running',
        icon: 'loader',
        empty: 'Nothing runs at the moment',
      }),
      h(Recent, { list, title: 'Latest', icon: 'history', empty: 'No task has been accepted yet' }),
    ),
  );
}
