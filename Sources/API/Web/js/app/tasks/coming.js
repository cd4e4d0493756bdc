/** What comes next by itself: tasks that wait for their time, and the schedules' next firings. */
import { text, toDate } from '../../core/format.js';
import { paths } from '../../net/tasks.js';
import { pending, Pill } from '../../ui/atoms.js';
import { useNow } from '../../ui/hooks.js';
import { h } from '../../ui/kit.js';
import { useLive } from '../live.js';
import { Grid, Panel, When } from '../parts.js';
import { Link } from '../router.js';
import { TaskLink } from './frame.js';
import { ruleWords } from './rule.js';

const SHOWN = 10;
const at = (/** @type {unknown} */ moment) => toDate(moment)?.getTime() ?? Infinity;

/** @param {{count: number | undefined}} props how many wait for their time, with those of others */
export function Coming({ count }) {
  const tasks = useLive(paths.tasks({ state: 'PENDING', limit: 50 }), ['tasks']);
  const schedules = useLive(paths.schedules, ['schedules']);
  const now = useNow(10_000);
  const due = (tasks.data?.tasks ?? []).filter((/** @type {any} */ one) => one.eta && at(one.eta) > now)
    .map((/** @type {any} */ task) => ({
      key: text(task.task_id),
      at: task.eta,
      what: h(TaskLink, { task }),
      why: h(Pill, { tone: 'grape', icon: 'hourglass' }, task.state === 'RETRY' ? 'tried again' : 'put off'),
      about: text(task.about),
    }));
  const planned = (schedules.data?.schedules ?? []).filter((/** @type {any} */ one) => one.enabled && one.next_run_at)
    .map((/** @type {any} */ one) => ({
      key: `schedule-${one.id}`,
      at: one.next_run_at,
      what: h(Link, { to: '/tasks/schedules', className: 'link task-link' }, text(one.name)),
      why: h(Pill, { tone: 'indigo', icon: 'calendar-clock' }, 'schedule'),
      about: ruleWords(one.schedule),
    }));
  const list = [...due, ...planned].sort((a, b) => at(a.at) - at(b.at)).slice(0, SHOWN);
  return h(
    Panel,
    { title: 'Coming up', icon: 'calendar-clock', note: count ? `${count} wait for their time` : '', flush: true },
    pending(schedules, { empty: !list.length, title: 'Nothing is planned' }) ?? h(Grid, {
      label: 'Coming up',
      heads: ['When', 'What', 'Why', 'About'],
      lead: 1,
      keys: list.map((one) => one.key),
      rows: list.map((one) => [h(When, { at: one.at }), one.what, one.why, one.about]),
    }),
  );
}
