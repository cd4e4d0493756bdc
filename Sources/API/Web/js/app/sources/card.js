/** One source: where it stands, what its refresh is doing, when it comes again, and what can be done. */
import { ago, date, datetime, number, text } from '../../core/format.js';
import { cronWords, KINDS, remedyOf, stateOf } from '../../core/sources.js';
import { note } from '../../net/refreshes.js';
import { sources } from '../../net/sources.js';
import { paths } from '../../net/tasks.js';
import { IconButton, Pill } from '../../ui/atoms.js';
import { ask } from '../../ui/confirm.js';
import { Icon } from '../../ui/icon.js';
import { h, Switch, useEffect, useState } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { useLive } from '../live.js';
import { Link } from '../router.js';
import { Runs } from './runs.js';

/** A share of the work, or a stripe that moves while nobody knows it. @param {{label: string, percent?: number}} props */
const Track = ({ label, percent }) =>
  h(
    'span',
    {
      className: 'source-track',
      role: 'progressbar',
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': percent === undefined ? undefined : Math.round(percent),
    },
    h('span', {
      className: percent === undefined ? 'source-fill unknown' : 'source-fill',
      style: percent === undefined ? undefined : { width: `${Math.max(2, percent)}%` },
    }),
  );

/** Its task stands in a queue: until it says something, the task says where. @param {{source: any, task: string, refresh: () => void}} props */
function Waiting({ source, task, refresh }) {
  const asked = useLive(paths.task(task), ['tasks']);
  const isOver = Boolean(asked.data?.ready);
  useEffect(() => {
    if (!isOver) return;
    note(source.event);
    refresh();
  }, [isOver]);
  return h(Running, {
    source,
    said: { step: asked.data?.state === 'STARTED' ? 'Starting' : 'Waiting for a worker', pace: '', percent: undefined },
    link: h(Link, { to: `/tasks/id/${encodeURIComponent(task)}`, className: 'link' }, 'Look at the task'),
  });
}

/** @param {{source: any, said: any, link?: any}} props */
const Running = ({ source, said, link }) =>
  h(
    'div',
    { className: 'source-running' },
    h(
      'p',
      {},
      h('strong', {}, said.step),
      said.percent !== undefined && h('span', { className: 'dim' }, ` ${Math.round(said.percent)} %`),
      h('span', { className: 'spring' }),
      h('span', { className: 'dim' }, link ?? said.pace),
    ),
    h(Track, { label: `Refresh of ${source.name}`, percent: said.percent }),
  );

/** What a refresh is doing, what went wrong with the last one, or what that one did. @param {{source: any, said: any, refresh: () => void}} props */
function Now({ source, said, refresh }) {
  if (said?.task) return h(Waiting, { source, task: said.task, refresh });
  if (said) return h(Running, { source, said });
  if (source.isOn && (source.status === 'fetching' || source.status === 'parsing')) {
    return h(Running, {
      source,
      said: { step: stateOf(source)[1].replace(/^./, (one) => one.toUpperCase()), pace: '' },
    });
  }
  if (source.status === 'error') {
    return h(
      'div',
      { className: 'source-error' },
      h(Icon, { name: 'circle-alert', size: 17 }),
      h(
        'div',
        {},
        h('p', { className: 'prose' }, source.said || 'The last refresh failed.'),
        h('p', {}, h('strong', {}, remedyOf(source.said))),
      ),
    );
  }
  return source.said ? h('p', { className: 'source-said dim' }, source.said) : null;
}

/** When it is read by itself. @param {any} rule */
const ruleWords = (rule) =>
  !rule
    ? 'only when told to'
    : rule.type === 'crontab'
    ? cronWords(rule.crontab)
    : rule.every === 24
    ? 'once a day'
    : rule.every === 1
    ? 'every hour'
    : `every ${number(rule.every)} hours`;

/** @param {{name: string, children?: any}} props */
const Fact = ({ name, children }) => h('div', {}, h('dt', {}, name), h('dd', {}, children));

/** @param {{at: any, now: number}} props */
const Moment = ({ at, now }) => (at ? h('time', { title: datetime(at), dateTime: text(at) }, ago(at, now)) : '–');

/** @param {{source: any, now: number}} props */
const Facts = ({ source, now }) =>
  h(
    'dl',
    { className: 'source-facts' },
    h(Fact, { name: 'Last read' }, h(Moment, { at: source.read, now })),
    h(Fact, { name: 'Next' }, source.isOn ? h(Moment, { at: source.next, now }) : 'off'),
    h(Fact, { name: 'Repeats' }, ruleWords(source.rule)),
    source.kind === 'epg' && source.row.epg_data_count > 0 &&
      h(Fact, { name: 'Channels' }, number(source.row.epg_data_count)),
    source.kind === 'm3u' && source.row.channel_groups?.length > 0 &&
      h(Fact, { name: 'Groups' }, number(source.row.channel_groups.length)),
    source.row.exp_date && h(Fact, { name: 'Paid until' }, date(source.row.exp_date)),
  );

/** @param {{source: any, refresh: () => void}} props */
function OnOff({ source, refresh }) {
  const turn = async (/** @type {boolean} */ isOn) => {
    try {
      await sources.change(source.kind, source.id, { is_active: isOn });
    } catch (error) {
      complain(`${source.name} was not changed`, error);
    }
    refresh();
  };
  return Switch({ checked: source.isOn, onChange: turn, size: 'sm', 'aria-label': `Read ${source.name}` });
}

/** @param {{source: any, edit: (what: any) => void, refresh: () => void, isBusy: boolean, isTold: boolean, tell: (isTold: boolean) => void}} props */
function Foot({ source, edit, refresh, isBusy, isTold, tell }) {
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    try {
      const { task_id } = await sources.refresh(source.kind, source.id);
      if (task_id) note(source.event, { task: task_id });
    } catch (error) {
      complain(`${source.name} was not refreshed`, error);
    }
    setBusy(false);
  };
  const remove = async () => {
    const sure = await ask({
      title: `Remove ${source.name}?`,
      message: source.kind === 'm3u'
        ? 'Its streams go with it, and its schedule. Channels that use them lose them. This cannot be undone.'
        : 'Its channels and programmes go with it, and its schedule. This cannot be undone.',
      confirmLabel: 'Remove',
      color: 'red',
    });
    if (!sure) return;
    try {
      await sources.remove(source.kind, source.id);
      notify({ title: 'Removed', message: source.name });
    } catch (error) {
      complain(`${source.name} was not removed`, error);
    }
    refresh();
  };
  return h(
    'footer',
    { className: 'source-foot' },
    h(
      'button',
      {
        type: 'button',
        className: 'mini-button tone-indigo',
        disabled: busy || isBusy || !source.canRefresh,
        'aria-busy': busy,
        'aria-label': `Refresh ${source.name} now`,
        onClick: start,
      },
      busy ? h('span', { className: 'spinner', 'aria-hidden': true }) : h(Icon, { name: 'refresh-cw', size: 14 }),
      'Refresh now',
    ),
    h(
      'button',
      {
        type: 'button',
        className: 'mini-button tone-gray',
        'aria-expanded': isTold,
        'aria-label': `History of ${source.name}`,
        onClick: () => tell(!isTold),
      },
      h(Icon, { name: 'history', size: 14 }),
      'History',
    ),
    h('span', { className: 'spring' }),
    h(IconButton, {
      label: `Edit ${source.name}`,
      icon: 'pencil',
      size: 16,
      onClick: () => edit({ kind: source.kind, row: source.row, zone: source.rule?.timezone }),
    }),
    h(IconButton, { label: `Remove ${source.name}`, icon: 'trash-2', size: 16, className: 'danger', onClick: remove }),
  );
}

/** @param {{source: any, running: Record<string, any>, now: number, mayChange: boolean, edit: (what: any) => void, refresh: () => void}} props */
export function SourceCard({ source, running, now, mayChange, edit, refresh }) {
  const [isTold, tell] = useState(false);
  const said = running[source.event];
  const isBusy = Boolean(said) || (source.isOn && ['fetching', 'parsing'].includes(source.status));
  const [tone, words] = said ? ['blue', 'refreshing'] : stateOf(source);
  const of = KINDS[/** @type {import('../../core/sources.js').Kind} */ (source.kind)];
  return h(
    'article',
    { className: `source-card ${source.isOn ? '' : 'off'}`, 'data-source': source.key, 'aria-label': source.name },
    h(
      'header',
      { className: 'card-head' },
      h('span', { className: `avatar tone-${of.tone}`, 'aria-hidden': true }, h(Icon, { name: of.icon, size: 22 })),
      h(
        'div',
        { className: 'card-name' },
        h('h3', {}, source.name),
        h('p', { className: 'dim' }, [source.type, source.place].filter(Boolean).join(' · ')),
      ),
      h(
        'div',
        { className: 'source-state' },
        h('span', { role: 'status' }, h(Pill, { tone, dot: true }, words)),
        mayChange && h(OnOff, { source, refresh }),
      ),
    ),
    h(Now, { source, said, refresh }),
    source.problem && h('p', { className: 'card-warning' }, source.problem),
    source.row.source_type !== 'dummy' && h(Facts, { source, now }),
    mayChange && h(Foot, { source, edit, refresh, isBusy, isTold, tell }),
    isTold && h(Runs, { source }),
  );
}
