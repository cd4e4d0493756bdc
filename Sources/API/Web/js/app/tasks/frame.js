/** What the tasks' pages share: their heading and tabs, data that is read again while it is looked at, small parts. */
import { stateTone } from '../../core/color.js';
import { ago, datetime, text } from '../../core/format.js';
import { Source } from '../../core/source.js';
import { tasks } from '../../net/tasks.js';
import { Pill } from '../../ui/atoms.js';
import { useTitle, visible } from '../../ui/hooks.js';
import { Icon } from '../../ui/icon.js';
import { h, useMemo, useState, useSyncExternalStore } from '../../ui/kit.js';
import { ask } from '../../ui/confirm.js';
import { complain, notify } from '../../ui/notify.js';
import { Link } from '../router.js';

/** What an address answers, again every few seconds while the page can be seen. @param {string | undefined} path @param {number} [seconds] 0 for once */
export function useApi(path, seconds = 3) {
  const source = useMemo(() => {
    const world = { plugin: '', visible, events: () => () => {}, load: () => tasks.get(/** @type {string} */ (path)) };
    return new Source(path === undefined ? { type: 'static' } : { refresh: { interval: seconds } }, world);
  }, [path, seconds]);
  const state = useSyncExternalStore(source.subscribe, source.snapshot);
  return { ...state, refresh: () => source.refresh(), spec: source.spec };
}

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
    h(
      'nav',
      { className: 'page-tabs', 'aria-label': 'Tasks' },
      ...TABS.map((one) =>
        h(
          Link,
          { key: one.to, to: one.to, className: 'page-tab', 'aria-current': one.to === at ? 'page' : undefined },
          h(Icon, { name: one.icon, size: 16 }),
          one.label,
        )
      ),
    ),
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
/** @param {{state: unknown}} props */
export const State = ({ state }) => {
  const word = text(state).toLowerCase();
  return h(Pill, { tone: TONES[word] ?? stateTone(word), dot: true }, word || 'unknown');
};

/** A moment as people say it, and exactly on hover. @param {{at: unknown}} props */
export const When = ({ at }) =>
  at ? h('time', { title: datetime(at), dateTime: text(at) }, ago(at)) : h('span', { className: 'dim' }, '–');

/** @param {{task: any}} props */
export const TaskLink = ({ task }) =>
  h(
    Link,
    { to: `/tasks/id/${encodeURIComponent(text(task.task_id ?? task.id))}`, className: 'link task-link' },
    text(task.name || task.task_id || task.id),
  );

/** @param {{percent: number, label: string}} props */
export const Bar = ({ percent, label }) =>
  h(
    'span',
    {
      className: 'bar',
      role: 'progressbar',
      'aria-label': label,
      'aria-valuenow': Math.round(percent),
      'aria-valuemin': 0,
      'aria-valuemax': 100,
    },
    h('span', { className: 'bar-fill', style: { width: `${Math.min(100, Math.max(0, percent))}%` } }),
    h('span', { className: 'bar-words' }, `${Math.round(percent)}%`),
  );

/** The share of its work that a task reported; undefined when it reported none. @param {any} progress */
export function shareOf(progress) {
  const raw = progress?.percent ?? progress?.progress ??
    (progress?.total ? (100 * progress.current) / progress.total : progress);
  const n = Number(raw);
  return raw === null || raw === undefined || typeof raw === 'object' || !Number.isFinite(n) ? undefined : n;
}

/** A button that does something on the server, once, perhaps after a question.
 *  @param {{label: string, icon?: string, tone?: string, question?: any, run: () => Promise<any>, done?: string | ((answer: any) => string), after?: () => void, disabled?: boolean}} props */
export function Do({ label, icon, tone = 'gray', question, run, done, after, disabled = false }) {
  const [busy, setBusy] = useState(false);
  const click = async () => {
    if (question && !(await ask(question))) return;
    setBusy(true);
    try {
      const answer = await run();
      if (done) notify({ title: typeof done === 'string' ? done : done(answer) });
      after?.();
    } catch (error) {
      complain(`${label}: not done`, error);
    }
    setBusy(false);
  };
  return h(
    'button',
    {
      type: 'button',
      className: `mini-button tone-${tone}`,
      disabled: busy || disabled,
      'aria-busy': busy,
      onClick: click,
    },
    busy ? h('span', { className: 'spinner', 'aria-hidden': true }) : icon && h(Icon, { name: icon, size: 14 }),
    label,
  );
}

/** A table of our own: heads, and rows of cells. @param {{label: string, heads: string[], rows: any[][], keys: string[]}} props */
export const Grid = ({ label, heads, rows, keys }) =>
  h(
    'div',
    { className: 'table-scroll', tabIndex: 0, role: 'group', 'aria-label': label },
    h(
      'table',
      { className: 'table' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...heads.map((head, index) =>
            h('th', { key: index, scope: 'col' }, head || h('span', { className: 'sr-only' }, 'Actions'))
          ),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows.map((cells, at) =>
          h('tr', { key: keys[at] }, ...cells.map((cell, index) => h('td', { key: index }, cell)))
        ),
      ),
    ),
  );

/** A panel with a heading and what belongs to it. @param {{title: string, icon?: string, note?: any, tools?: any, flush?: boolean, children?: any}} props */
export const Panel = ({ title, icon, note, tools, flush = false, children }) =>
  h(
    'section',
    { className: `panel ${flush ? 'flush' : ''}`, 'aria-label': title },
    h(
      'header',
      { className: `panel-head ${flush ? 'table-head' : ''}` },
      icon && h(Icon, { name: icon, size: 18 }),
      h('h2', {}, title),
      note && h('span', { className: 'dim' }, note),
      h('span', { className: 'spring' }),
      tools,
    ),
    children,
  );
