/** Playlists and guides: where each stands, when it is read next, what went wrong; added, changed, refreshed, removed. */
import { filterRows } from '../../core/query.js';
import { number, text } from '../../core/format.js';
import { viewOf } from '../../core/sources.js';
import { auth } from '../../net/auth.js';
import { onRefreshed, refreshes } from '../../net/refreshes.js';
import { onRecovered, onUpdate } from '../../net/socket.js';
import { paths } from '../../net/sources.js';
import { Empty, pending, Problem } from '../../ui/atoms.js';
import { useEvent, useNow, useStore, useTitle } from '../../ui/hooks.js';
import { Icon, icon } from '../../ui/icon.js';
import { Button, h, Modal, TextInput, useEffect, useMemo, useState } from '../../ui/kit.js';
import { onChanged } from '../live.js';
import { useApi } from '../parts.js';
import { SourceCard } from './card.js';
import { Editor } from './editor.js';

/**
 * Seconds between two looks for what others changed and nobody told: a name, an address. What refreshes do is heard at
 * once, and so is a source that comes, goes or gets other times, as its schedule does.
 */
const EVERY = 60;
/** From here on there is a search. */
const MANY = 7;

/** @param {any[]} list @param {string} word */
const count = (list, word) => `${number(list.length)} ${word}${list.length === 1 ? '' : 's'}`;

/** Both lists and the schedules, read again whenever a refresh ends or the connection comes back. */
function useSources() {
  const [m3u, epg, schedules] = [useApi(paths.m3u, EVERY), useApi(paths.epg, EVERY), useApi(paths.schedules, EVERY)];
  const refresh = useEvent(() => [m3u, epg, schedules].forEach((one) => one.refresh()));
  useEffect(() => {
    const stops = [
      onRefreshed(refresh),
      onRecovered(refresh),
      onChanged(['schedules'], refresh),
      onUpdate((data) => data.type === 'playlist_created' && refresh()),
    ];
    return () => stops.forEach((stop) => stop());
  }, []);
  return { m3u, epg, schedules: schedules.data?.schedules ?? [], refresh };
}

/** @param {{kind: import('../../core/sources.js').Kind, title: string, about: string, source: any, list: any[], query: string, more: any}} props */
function Part({ kind, title, about, source, list, query, more }) {
  const found = useMemo(() => filterRows(list, query, (one) => [one.name, one.place, one.said]), [list, query]);
  const add = () => more.edit({ kind });
  return h(
    'section',
    { className: 'source-part', 'aria-label': title },
    h(
      'header',
      { className: 'source-part-head' },
      h('h2', {}, title),
      list.length > 0 && h('span', { className: 'dim' }, number(list.length)),
      h('span', { className: 'spring' }),
      more.mayChange &&
        h(
          'button',
          { type: 'button', className: 'mini-button tone-indigo', onClick: add },
          h(Icon, { name: 'plus', size: 14 }),
          kind === 'm3u' ? 'Add a playlist' : 'Add a guide',
        ),
    ),
    source.error && source.data &&
      h(Problem, {
        title: 'This may be out of date',
        message: text(source.error.message),
        onRetry: () => source.refresh(),
      }),
    pending(source) ?? (found.length
      ? h(
        'div',
        { className: 'source-cards' },
        ...found.map((one) => h(SourceCard, { key: one.key, source: one, ...more })),
      )
      : h(
        'div',
        { className: 'panel' },
        h(
          Empty,
          {
            icon: list.length ? 'search-x' : kind === 'm3u' ? 'list-video' : 'calendar-days',
            title: list.length ? 'Nothing matches' : `No ${title.toLowerCase()} yet`,
          },
          list.length ? 'Change the search to see the others.' : about,
        ),
      )),
  );
}

export default function SourcesPage() {
  useTitle('Sources');
  const { m3u, epg, schedules, refresh } = useSources();
  const running = useStore(refreshes);
  const { user } = useStore(auth);
  const [query, setQuery] = useState('');
  const [edited, edit] = useState(/** @type {any} */ (undefined));
  const now = useNow(30_000);
  const views = useMemo(() => ({
    // The product's own account for streams made by hand is nobody's to read.
    m3u: (m3u.data ?? []).filter((/** @type {any} */ one) => !one.locked).map((/** @type {any} */ one) =>
      viewOf('m3u', one, schedules)
    ),
    epg: (epg.data ?? []).map((/** @type {any} */ one) => viewOf('epg', one, schedules)),
  }), [m3u.data, epg.data, schedules]);
  const all = [...views.m3u, ...views.epg];
  const failed = all.filter((one) => one.isOn && one.status === 'error').length;
  const more = { mayChange: Number(user?.level ?? 10) >= 10, edit, refresh, running, now };
  const summary = m3u.data && epg.data
    ? `${count(views.m3u, 'playlist')}, ${count(views.epg, 'guide')}${failed ? `, ${number(failed)} failed` : ''}`
    : 'Where streams and programmes come from';
  return h(
    'div',
    { className: 'page' },
    h(
      'header',
      { className: 'page-head' },
      h('div', {}, h('h1', {}, 'Sources'), h('p', { className: 'dim' }, summary)),
      h(
        'div',
        { className: 'page-tools' },
        all.length >= MANY &&
          TextInput({
            'aria-label': 'Search sources',
            placeholder: 'Search sources',
            value: query,
            onChange: setQuery,
            leftSection: icon('search', 16),
            className: 'search',
          }),
      ),
    ),
    h(Part, {
      kind: 'm3u',
      title: 'Playlists',
      about: 'Add the address of an M3U playlist, an Xtream Codes account, or a file.',
      source: m3u,
      list: views.m3u,
      query,
      more,
    }),
    h(Part, {
      kind: 'epg',
      title: 'Guides',
      about: 'Add the address of an XMLTV guide; programmes appear once its channels are mapped.',
      source: epg,
      list: views.epg,
      query,
      more,
    }),
    Modal(
      {
        opened: edited !== undefined,
        onChange: (/** @type {boolean} */ is) => is || edit(undefined),
        title: titleOf(edited),
        size: 'lg',
      },
      edited !== undefined &&
        h(Editor, {
          key: `${edited.kind}:${edited.row?.id ?? ''}`,
          kind: edited.kind,
          row: edited.row,
          zone: edited.zone,
          close: () => edit(undefined),
          after: refresh,
        }),
    ),
  );
}

/** @param {any} edited */
const titleOf = (edited) =>
  edited?.row ? `Edit ${text(edited.row.name)}` : edited?.kind === 'epg' ? 'Add a guide' : 'Add a playlist';
