/** What the pages of our own share: data that is read again while it is looked at, buttons that do one thing, tables. */
import { ago, datetime, text } from '../core/format.js';
import { Source } from '../core/source.js';
import { poll } from '../net/api.js';
import { ask } from '../ui/confirm.js';
import { visible } from '../ui/hooks.js';
import { Icon } from '../ui/icon.js';
import { h, useMemo, useState, useSyncExternalStore } from '../ui/kit.js';
import { complain, notify } from '../ui/notify.js';

/** What an address answers, again every few seconds while the page can be seen. @param {string | undefined} path @param {number} [seconds] 0 for once */
export function useApi(path, seconds = 3) {
  const source = useMemo(() => {
    const world = { plugin: '', visible, events: () => () => {}, load: () => poll(/** @type {string} */ (path)) };
    return new Source(path === undefined ? { type: 'static' } : { refresh: { interval: seconds } }, world);
  }, [path, seconds]);
  return useSource(source, path !== undefined);
}

/** A source as it stands. @param {Source} source @param {boolean} isAsked whether there is anything to wait for */
export function useSource(source, isAsked) {
  const state = useSyncExternalStore(source.subscribe, source.snapshot);
  // Before it begins it counts as begun: there is nothing to draw yet.
  const loading = state.loading || (isAsked && !state.updated && !state.error);
  return { ...state, loading, refresh: () => void source.refresh(), spec: source.spec };
}

/** A moment as people say it, and exactly on hover. @param {{at: unknown}} props */
export const When = ({ at }) =>
  at ? h('time', { title: datetime(at), dateTime: text(at) }, ago(at)) : h('span', { className: 'dim' }, '–');

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

/** The cells of a row, each with its head: on a phone a row is a block of words, and the cell that leads is its heading.
 *  @param {any[]} cells @param {string[]} heads @param {number} lead */
export const cellsOf = (cells, heads, lead) =>
  cells.map((cell, index) =>
    h('td', { key: index, 'data-head': heads[index], className: index === lead ? 'lead' : undefined }, cell)
  );

/** A table of our own: heads, and rows of cells. @param {{label: string, heads: string[], rows: any[][], keys: string[], lead?: number}} props */
export const Grid = ({ label, heads, rows, keys, lead = 0 }) =>
  h(
    'div',
    { className: 'table-scroll', tabIndex: 0, role: 'group', 'aria-label': label },
    h(
      'table',
      { className: 'table own' },
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
          h('tr', { key: keys[at] }, ...cellsOf(cells, heads, lead))
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
