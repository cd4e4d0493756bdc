/** What is enqueued when: rules with their next firings, switched on and off, changed, run now. */
import { number, text } from '../../core/format.js';
import { paths, tasks } from '../../net/tasks.js';
import { Empty, pending } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { Button, h, Modal, Switch, useState } from '../../ui/kit.js';
import { complain } from '../../ui/notify.js';
import { FiringList } from '../cron.js';
import { FoldGrid } from '../foldgrid.js';
import { useLive } from '../live.js';
import { Do, Panel, useApi, When } from '../parts.js';
import { Link } from '../router.js';
import { Editor } from './editor.js';
import { Frame } from './frame.js';
import { ruleWords } from './rule.js';

/** @param {{schedule: any, after: () => void}} props */
function OnOff({ schedule, after }) {
  const turn = async (/** @type {boolean} */ enabled) => {
    try {
      await tasks.changeSchedule(schedule.id, { enabled });
    } catch (error) {
      complain('Not changed', error);
    }
    after();
  };
  return Switch({
    checked: Boolean(schedule.enabled),
    onChange: turn,
    size: 'sm',
    'aria-label': `Enable ${text(schedule.name)}`,
  });
}

/** When it fires next, whatever is switched. @param {{schedule: any}} props */
function Next({ schedule }) {
  const source = useApi(paths.firings(schedule.id, 12), 0);
  return pending(source) ??
    (source.data.firings?.length
      ? h(FiringList, { list: source.data.firings })
      : h('p', { className: 'dim' }, schedule.problem ? text(schedule.problem) : 'It does not fire any more.'));
}

/** @param {any} one @param {(schedule: any) => void} edit @param {() => void} after @returns {import('../foldgrid.js').Row} */
const rowOf = (one, edit, after) => ({
  key: text(one.id),
  label: `Next firings of ${text(one.name)}`,
  more: () => h(Next, { schedule: one }),
  cells: [
    h(OnOff, { schedule: one, after }),
    h(
      'span',
      {},
      h('strong', {}, text(one.name)),
      one.description && h('span', { className: 'dim task-about' }, text(one.description)),
      h('code', { className: 'dim task-about' }, text(one.task)),
    ),
    h(
      'span',
      {},
      ruleWords(one.schedule),
      one.problem && h('span', { className: 'cell-error', title: text(one.problem) }, ` ${text(one.problem)}`),
    ),
    h(When, { at: one.next_run_at }),
    h(When, { at: one.last_run_at }),
    h(
      Link,
      {
        to: `/tasks/history?schedule=${encodeURIComponent(text(one.name))}`,
        className: 'link',
        'aria-label': `Runs of ${text(one.name)}`,
      },
      number(one.total_run_count),
    ),
    h(
      'div',
      { className: 'row-actions' },
      h(Do, {
        label: 'Run now',
        icon: 'play',
        tone: 'indigo',
        run: () => tasks.runSchedule(one.id),
        done: `${text(one.name)} started`,
      }),
      h(
        'button',
        {
          type: 'button',
          className: 'mini-button tone-gray',
          'aria-label': `Edit ${text(one.name)}`,
          onClick: () => edit(one),
        },
        icon('pencil', 14),
        'Edit',
      ),
      h(Do, {
        label: 'Remove',
        icon: 'trash-2',
        tone: 'red',
        question: {
          title: `Remove “${text(one.name)}”?`,
          message: 'It is not enqueued any more.',
          confirmLabel: 'Remove',
          color: 'red',
        },
        run: () => tasks.dropSchedule(one.id),
        after,
      }),
    ),
  ],
});

export function Schedules() {
  const source = useLive(paths.schedules, ['schedules']);
  const [edited, edit] = useState(/** @type {any} */ (undefined));
  const list = source.data?.schedules ?? [];
  return h(
    Frame,
    {
      at: '/tasks/schedules',
      title: 'Schedules',
      about: 'What is enqueued by itself, and when next.',
      tools: Button({ leftSection: icon('plus', 16), onClick: () => edit({}) }, 'New schedule'),
    },
    h(
      Panel,
      { title: 'Schedules', icon: 'calendar-clock', note: list.length ? number(list.length) : '', flush: true },
      pending(source) ?? (list.length
        ? h(FoldGrid, {
          label: 'Schedules',
          heads: ['On', 'Name', 'Rule', 'Next', 'Last', 'Runs', ''],
          lead: 1,
          rows: list.map((/** @type {any} */ one) => rowOf(one, edit, source.refresh)),
        })
        : h(
          Empty,
          { icon: 'calendar-plus', title: 'No schedules yet' },
          'Refreshes of sources and plugins’ periodic tasks appear here, and what you add.',
        )),
    ),
    Modal(
      {
        opened: edited !== undefined,
        onChange: (/** @type {boolean} */ now) => now || edit(undefined),
        title: edited?.id === undefined ? 'New schedule' : `Edit ${text(edited.name)}`,
        size: 'xl',
      },
      edited !== undefined &&
        h(Editor, { key: text(edited.id), schedule: edited, close: () => edit(undefined), after: source.refresh }),
    ),
  );
}
