/** What runs now: how far it is, and what it says, without leaving the page. */
import { calmly } from '../../core/calm.js';
import { number, text } from '../../core/format.js';
import { paths, tasks } from '../../net/tasks.js';
import { pending } from '../../ui/atoms.js';
import { h, useEffect, useMemo } from '../../ui/kit.js';
import { FoldGrid } from '../foldgrid.js';
import { useLive } from '../live.js';
import { Bar, Do, Panel, When } from '../parts.js';
import { shareOf, TaskName } from './frame.js';
import { TaskLog } from './log.js';
import { useReport } from './reports.js';

/** Between two looks at the list. Milliseconds. */
const CALM = 1_000;

/** How far it is, as it says. @param {{task: any, missed: () => void}} props */
function Going({ task, missed }) {
  const progress = useReport(text(task.task_id), true, missed)?.progress ?? task.progress;
  const share = shareOf(progress);
  return h(
    'span',
    {},
    share === undefined
      ? h('span', { className: 'dim' }, 'running')
      : h(Bar, { percent: share, label: `Progress of ${text(task.about || task.name)}` }),
    progress?.message && h('span', { className: 'dim task-said' }, text(progress.message)),
  );
}

/** @param {any} task @param {() => void} missed @returns {import('../foldgrid.js').Row} */
function rowOf(task, missed) {
  const id = text(task.task_id);
  return {
    key: id,
    label: `Log of ${text(task.name)}`,
    more: () => h(TaskLog, { id, most: 220 }),
    cells: [
      h(TaskName, { task }),
      h(Going, { task, missed }),
      text(task.queue),
      h(When, { at: task.started_at ?? task.accepted_at }),
      h(
        'div',
        { className: 'row-actions' },
        h(Do, {
          label: 'Cancel',
          icon: 'ban',
          tone: 'red',
          question: {
            title: 'Cancel this task?',
            message: `${text(task.name)} is told to stop.`,
            confirmLabel: 'Cancel it',
            cancelLabel: 'Let it run',
            color: 'red',
          },
          run: () => tasks.cancel(id),
          done: 'Cancelled',
        }),
      ),
    ],
  };
}

export function Running() {
  const told = useLive(paths.tasks({ state: 'STARTED', limit: 50 }), ['tasks']);
  const shown = (told.data?.tasks ?? []).filter((/** @type {any} */ one) => !one.ready);
  // Fifty rows that begin to be told of at once miss the same.
  const calm = useMemo(() => calmly(told.refresh, CALM), []);
  useEffect(() => calm.stop, []);
  return h(
    Panel,
    { title: 'Running', icon: 'loader', note: shown.length ? number(shown.length) : '', flush: true },
    pending(told, { empty: !shown.length, title: 'Nothing runs at the moment' }) ?? h(FoldGrid, {
      label: 'Running',
      heads: ['Task', 'Progress', 'Queue', 'Since', ''],
      rows: shown.map((/** @type {any} */ one) => rowOf(one, calm.call)),
    }),
  );
}
