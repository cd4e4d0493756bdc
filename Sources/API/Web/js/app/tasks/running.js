/** What runs now: how far it is, and what it says, without leaving the page. */
import { number, text } from '../../core/format.js';
import { paths, tasks } from '../../net/tasks.js';
import { pending } from '../../ui/atoms.js';
import { h } from '../../ui/kit.js';
import { FoldGrid } from '../foldgrid.js';
import { useLive } from '../live.js';
import { Bar, Do, Panel, useApi, When } from '../parts.js';
import { shareOf, TaskName } from './frame.js';
import { TaskLog } from './log.js';

/** Seconds. Progress and words of a running task are told to nobody; who looks at them asks. */
const EVERY = 2;

/** @param {any} task @returns {import('../foldgrid.js').Row} */
function rowOf(task) {
  const share = shareOf(task.progress);
  const id = text(task.task_id);
  return {
    key: id,
    label: `Log of ${text(task.name)}`,
    more: () => h(TaskLog, { id, most: 220 }),
    cells: [
      h(TaskName, { task }),
      h(
        'span',
        {},
        share === undefined
          ? h('span', { className: 'dim' }, 'running')
          : h(Bar, { percent: share, label: `Progress of ${text(task.about || task.name)}` }),
        task.progress?.message && h('span', { className: 'dim task-said' }, text(task.progress.message)),
      ),
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
  const path = paths.tasks({ state: 'STARTED', limit: 50 });
  const told = useLive(path, ['tasks']);
  const list = (told.data?.tasks ?? []).filter((/** @type {any} */ one) => !one.ready);
  // Asked for again only while something runs.
  const now = useApi(list.length ? path : undefined, EVERY);
  const shown = (now.data ? now.data.tasks : list).filter((/** @type {any} */ one) => !one.ready);
  return h(
    Panel,
    { title: 'Running', icon: 'loader', note: shown.length ? number(shown.length) : '', flush: true },
    pending(told, { empty: !shown.length, title: 'Nothing runs at the moment' }) ?? h(FoldGrid, {
      label: 'Running',
      heads: ['Task', 'Progress', 'Queue', 'Since', ''],
      rows: shown.map(rowOf),
    }),
  );
}
