/** The live event log: every message of the WebSocket as it arrives, with a filter and a pause. */
import { json, text, time } from '../../core/format.js';
import { filterRows } from '../../core/query.js';
import { stateTone } from '../../core/color.js';
import { Empty, IconButton, Pill } from '../../ui/atoms.js';
import { useStore, useTitle } from '../../ui/hooks.js';
import { icon } from '../../ui/icon.js';
import { h, memo, TextInput, useMemo, useState } from '../../ui/kit.js';
import { clear, log } from '../../net/eventlog.js';

const SHOWN = 200;

/** @param {any} entry */
function toneOf({ type, success, payload }) {
  if (!success || payload?.status === 'error') return 'red';
  if (type === 'plugin_event' || type === 'plugin') return 'indigo';
  if (type === 'm3u_refresh' || type === 'epg_refresh') return payload?.progress === 100 ? 'teal' : 'blue';
  return stateTone(payload?.status);
}

/** @param {any} payload */
const empty = (payload) =>
  payload === undefined || payload === null || (typeof payload === 'object' && !Object.keys(payload).length);

const Line = memo((/** @type {{entry: any}} */ { entry }) =>
  h(
    'li',
    {
      className: `event tone-${toneOf(entry)}`,
      'data-type': entry.type,
      'data-event': entry.event,
      'data-plugin': entry.plugin,
    },
    h(
      'details',
      {},
      h(
        'summary',
        {},
        h('time', { dateTime: new Date(entry.at).toISOString() }, time(entry.at)),
        h(Pill, { tone: toneOf(entry) }, entry.event),
        h('span', { className: 'event-plugin' }, entry.plugin),
        h('code', { className: 'event-brief' }, empty(entry.payload) ? '' : json(entry.payload)),
      ),
      h('pre', { className: 'code', tabIndex: 0 }, json(entry.payload, 2) || text(entry.payload)),
    ),
  )
);

/** @param {{compact?: boolean}} props */
export function EventPanel({ compact = false }) {
  const all = useStore(log);
  const [frozen, freeze] = useState(/** @type {any[] | undefined} */ (undefined));
  const [query, setQuery] = useState('');
  const list = frozen ?? all;
  const found = useMemo(
    () => filterRows(list, query, (entry) => [entry.type, entry.event, entry.plugin, json(entry.payload)]),
    [list, query],
  );
  const missed = frozen ? all.filter((/** @type {any} */ { id }) => id > (frozen.at(-1)?.id ?? 0)).length : 0;
  return h(
    'section',
    { className: `events ${compact ? 'compact' : ''}`, 'aria-label': 'Event log' },
    h(
      'div',
      { className: 'events-bar' },
      compact && h('h2', { className: 'events-title' }, 'Live events'),
      TextInput({
        'aria-label': 'Filter events',
        placeholder: 'Filter by plugin, event or payload',
        size: 'sm',
        value: query,
        onChange: setQuery,
        leftSection: icon('search', 16),
        className: 'events-filter',
      }),
      h(IconButton, {
        label: frozen ? 'Resume' : 'Pause',
        icon: frozen ? 'play' : 'pause',
        'aria-pressed': Boolean(frozen),
        onClick: () => freeze(frozen ? undefined : all),
      }),
      h(IconButton, { label: 'Clear', icon: 'list-x', onClick: () => (clear(), freeze(undefined)) }),
    ),
    frozen &&
      h('p', { className: 'events-paused', role: 'status' }, `Paused${missed ? ` · ${missed} more since` : ''}`),
    found.length
      ? h(
        'ol',
        { className: 'event-list' },
        ...found.slice(-SHOWN).reverse().map((entry) => h(Line, { key: entry.id, entry })),
      )
      : h(
        Empty,
        { icon: 'radio', title: list.length ? 'No event matches' : 'Waiting for events' },
        list.length
          ? 'Change the filter to see the others.'
          : 'Everything that plugins and refreshes report appears here at once.',
      ),
  );
}

export function EventsPage() {
  useTitle('Events');
  const count = useStore(log).length;
  return h(
    'div',
    { className: 'page' },
    h(
      'header',
      { className: 'page-head' },
      h(
        'div',
        {},
        h('h1', {}, 'Events'),
        h(
          'p',
          { className: 'dim' },
          `Live from the server. ${count} since this page was opened; the newest are on top.`,
        ),
      ),
    ),
    h(EventPanel),
  );
}
