/** What the tasks' pages share: their heading and tabs, states, links to tasks. */
import { stateTone } from '../../core/color.js';
import { duration, text, toDate } from '../../core/format.js';
import { Pill } from '../../ui/atoms.js';
import { useTitle } from '../../ui/hooks.js';
import { Icon } from '../../ui/icon.js';
import { h } from '../../ui/kit.js';
import { Link } from '../router.js';
import { PageTabs } from '../tabs.js';

const TABS = [
  { to: '/tasks', label: 'Overview', icon: 'gauge' },
  { to: '/tasks/history', label: 'History', icon: 'history' },
  { to: '/tasks/schedules', label: 'Schedules', icon: 'calendar-clock' },
  { to: '/tasks/dead', label: 'Dead letters', icon: 'mail-x' },
];

/** @param {{at: string, title: string, about?: any, tools?: any, crumb?: any, children?: any}} props */
export function Frame({ at, title, about, tools, crumb, children }) {
  useTitle(title);
  return h(
    'div',
    { className: 'page' },
    crumb &&
      h(
        'nav',
        { className: 'crumbs', 'aria-label': 'Where you are' },
        h(Link, { to: '/tasks/history', className: 'link' }, 'Tasks'),
        h(Icon, { name: 'chevron-right', size: 14 }),
        h('span', { 'aria-current': 'page' }, crumb),
      ),
    h(
      'header',
      { className: 'page-head' },
      h('div', {}, h('h1', {}, title), about && h('p', { className: 'dim' }, about)),
      tools && h('div', { className: 'page-tools' }, tools),
    ),
    h(PageTabs, { label: 'Tasks', tabs: TABS, at }),
    children,
  );
}

const TONES = /** @type {Record<string, string>} */ ({
  success: 'teal',
  failure: 'red',
  revoked: 'gray',
  started: 'blue',
  retry: 'orange',
  pending: 'indigo',
  received: 'indigo',
});
/** The colour of a state. @param {unknown} state */
export const toneOf = (state) => TONES[text(state).toLowerCase()] ?? stateTone(text(state).toLowerCase());

/** @param {{state: unknown}} props */
export const State = ({ state }) => h(Pill, { tone: toneOf(state), dot: true }, text(state).toLowerCase() || 'unknown');

/** @param {{task: any}} props */
export const TaskLink = ({ task }) =>
  h(
    Link,
    { to: `/tasks/id/${encodeURIComponent(text(task.task_id ?? task.id))}`, className: 'link task-link' },
    text(task.name || task.task_id || task.id),
  );

/** A task by its name, and what it is about. @param {{task: any}} props */
export const TaskName = ({ task }) =>
  h('span', {}, h(TaskLink, { task }), task.about && h('span', { className: 'dim task-about' }, text(task.about)));

/** How long it ran, or has been running. @param {{task: any}} props */
export function Took({ task }) {
  const [from, to] = [toDate(task.started_at), toDate(task.finished_at)];
  if (!from || (!to && task.ready)) return h('span', { className: 'dim' }, '–');
  const seconds = ((to ? to.getTime() : Date.now()) - from.getTime()) / 1000;
  return h('span', { className: to ? 'whole' : 'whole dim' }, duration(Math.max(0, to ? seconds : Math.round(seconds))));
}

/** The share of its work that a task reported; undefined when it reported none. @param {any} progress */
export function shareOf(progress) {
  const raw = progress?.percent ?? progress?.progress ??
    (progress?.total ? (100 * progress.current) / progress.total : progress);
  const n = Number(raw);
  return raw === null || raw === undefined || typeof raw === 'object' || !Number.isFinite(n) ? undefined : n;
}
