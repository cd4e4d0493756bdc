/** The first page: every plugin as a card, a search over them, and reloading from disk. */
import { ago, cut, text } from '../../core/format.js';
import { hasLayout } from '../../core/schema.js';
import { filterRows } from '../../core/query.js';
import { Store } from '../../core/store.js';
import { Empty, Pill, Problem } from '../../ui/atoms.js';
import { useColumns, useNow, useStore, useTitle } from '../../ui/hooks.js';
import { icon } from '../../ui/icon.js';
import { Button, h, SegmentedControl, TextInput, useMemo, useState } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { catalogue, load, reload } from '../../net/catalogue.js';
import { ArrangeButton } from '../plugins/arrange.js';
import { PluginCard } from '../plugins/card.js';
import { Importer } from '../plugins/import.js';
import { SafeMode } from '../plugins/safemode.js';
import { PluginTabs } from '../plugins/tabs.js';
import { WaitingCards } from '../plugins/waiting.js';

/** The narrowest card and the space between two. Pixels. */
const [NARROWEST, GAP] = [400, 18];
const SHOW = [
  { value: 'all', label: 'All' },
  { value: 'enabled', label: 'Enabled' },
  { value: 'disabled', label: 'Disabled' },
  { value: 'updates', label: 'Updates' },
];
/** @type {Record<string, (plugin: any) => boolean>} */
const SHOWN = {
  all: () => true,
  enabled: (plugin) => plugin.enabled === true,
  disabled: (plugin) => plugin.enabled !== true,
  updates: (plugin) => plugin.update_available === true,
};

/** What the last reload said, until the next one. */
const lastReload = new Store(/** @type {{at: number, problem?: string} | undefined} */ (undefined));

function ReloadButton() {
  const [busy, setBusy] = useState(false);
  const click = async () => {
    setBusy(true);
    try {
      const { count } = await reload();
      lastReload.set({ at: Date.now() });
      notify({
        title: 'Reloaded',
        message: count === undefined ? 'The plugins folder was read again.' : `${count} plugins found.`,
      });
    } catch (error) {
      lastReload.set({ at: Date.now(), problem: text(/** @type {any} */ (error)?.message) });
      complain('Reload failed', error);
    }
    setBusy(false);
  };
  return Button({ variant: 'default', leftSection: icon('refresh-cw', 16), loading: busy, onClick: click }, 'Reload');
}

/** When the list was read, and how the last reload went. @param {{at: number, now: number}} props */
function Freshness({ at, now }) {
  const last = useStore(lastReload);
  if (last?.problem) {
    return h(
      Pill,
      { tone: 'red', icon: 'circle-alert' },
      cut(`Reload failed ${ago(last.at, now)}: ${last.problem}`, 160),
    );
  }
  return last ? `reloaded ${ago(last.at, Math.max(now, last.at))}` : `read ${ago(at, Math.max(now, at))}`;
}

/** A card that draws a page of its own takes the whole width. @param {any} plugin */
const isWide = (plugin) => plugin.enabled && !plugin.missing && hasLayout(plugin) && !plugin.ui_schema.preview;

/** Roughly how tall a card is drawn, in rows of text; pages of their own show there. @param {any} plugin */
const weight = (plugin) =>
  hasLayout(plugin)
    ? 8
    : 6 + 2 * (plugin.actions?.length ?? 0) + (plugin.enabled ? 2 * (plugin.fields?.length ?? 0) : 1) +
      (plugin.description ? 1 : 0) + (plugin.missing || plugin.load_error ? 2 : 0);

/** Each plugin into the column that is lowest so far. @param {any[]} list @param {number} columns */
function spread(list, columns) {
  const piles = Array.from({ length: columns }, () => ({ height: 0, list: /** @type {any[]} */ ([]) }));
  for (const plugin of list) {
    const lowest = piles.reduce((best, one) => (one.height < best.height ? one : best));
    lowest.list.push(plugin);
    lowest.height += weight(plugin);
  }
  return piles.map((pile) => pile.list);
}

/** @param {{list: any[], query: string, show: string}} props */
function Cards({ list, query, show }) {
  const found = useMemo(
    () =>
      filterRows(list, query, (plugin) => [plugin.name, plugin.key, plugin.description, plugin.author])
        .filter(SHOWN[show] ?? SHOWN.all),
    [list, query, show],
  );
  const [box, columns] = useColumns(NARROWEST, GAP);
  if (!list.length) {
    return h(
      Empty,
      { icon: 'blocks', title: 'No plugins found' },
      'Import one, or drop its folder into the plugins folder and reload.',
    );
  }
  if (!found.length) {
    return h(
      Empty,
      { icon: 'search-x', title: 'No plugin matches' },
      'Change the search or the filter to see the others.',
    );
  }
  // Columns of their own heights leave no holes, whatever is unfolded; pages of whole width follow below.
  const [wide, narrow] = [found.filter(isWide), found.filter((plugin) => !isWide(plugin))];
  return h(
    'div',
    { className: 'cards', ref: box },
    // Nothing is drawn into a number of columns that is guessed, or all of it would be drawn twice.
    columns > 0 && narrow.length > 0 && h(
      'div',
      { className: 'columns' },
      ...spread(narrow, columns).map((list, at) =>
        h(
          'div',
          { key: at, className: 'column' },
          ...list.map((plugin) => h(PluginCard, { key: plugin.key, plugin, wide: false })),
        )
      ),
    ),
    ...wide.map((plugin) => h(PluginCard, { key: plugin.key, plugin, wide: true })),
  );
}

export function PluginsPage() {
  const { state, list, error, at } = useStore(catalogue);
  const [query, setQuery] = useState('');
  const [show, setShow] = useState('all');
  const now = useNow(30_000);
  useTitle('Plugins');
  const enabled = list.filter((/** @type {any} */ one) => one.enabled).length;
  const hasUpdates = list.some(SHOWN.updates);
  return h(
    'div',
    { className: 'page' },
    h(
      'header',
      { className: 'page-head' },
      h(
        'div',
        {},
        h('h1', {}, 'Plugins'),
        h(
          'p',
          { className: 'dim' },
          state === 'ready'
            ? h('span', {}, `${list.length} installed, ${enabled} enabled · `, h(Freshness, { at, now }))
            : 'Reading the plugins folder…',
        ),
      ),
      h(
        'div',
        { className: 'page-tools' },
        TextInput({
          'aria-label': 'Search plugins',
          placeholder: 'Search plugins',
          value: query,
          onChange: setQuery,
          leftSection: icon('search', 16),
          className: 'search',
        }),
        SegmentedControl({
          data: hasUpdates ? SHOW : SHOW.slice(0, 3),
          value: show,
          onChange: setShow,
          'aria-label': 'Which plugins',
        }),
        h(ArrangeButton),
        h(ReloadButton),
        h(Importer),
      ),
    ),
    h(PluginTabs, { at: 'installed' }),
    h(SafeMode),
    error &&
      h(Problem, { title: 'The list of plugins could not be loaded', message: text(error.message), onRetry: load }),
    state === 'loading' ? h(WaitingCards, { label: 'Loading plugins', className: 'cards columns waiting' }) : state === 'ready' && h(Cards, { list, query, show }),
  );
}
