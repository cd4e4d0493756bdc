/** The first page: every plugin as a card, a search over them, and reloading from disk. */
import { ago, text } from '../../core/format.js';
import { hasLayout } from '../../core/schema.js';
import { filterRows } from '../../core/query.js';
import { Empty, Problem } from '../../ui/atoms.js';
import { useNow, useStore, useTitle } from '../../ui/hooks.js';
import { icon } from '../../ui/icon.js';
import { Button, SegmentedControl, Skeleton, TextInput, h, useMemo, useState } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { catalogue, load, reload } from '../catalogue.js';
import { PluginCard } from '../plugins/card.js';

const SHOW = [{ value: 'all', label: 'All' }, { value: 'enabled', label: 'Enabled' }, { value: 'disabled', label: 'Disabled' }];

function ReloadButton() {
  const [busy, setBusy] = useState(false);
  const click = async () => {
    setBusy(true);
    try {
      const { count } = await reload();
      notify({ title: 'Reloaded', message: count === undefined ? 'The plugins folder was read again.' : `${count} plugins found.` });
    } catch (error) {
      complain('Reload failed', error);
    }
    setBusy(false);
  };
  return Button({ variant: 'default', leftSection: icon('refresh-cw', 16), loading: busy, onClick: click }, 'Reload');
}

/** A card that draws a page of its own takes the whole width. @param {any} plugin */
const isWide = (plugin) => plugin.enabled && !plugin.missing && hasLayout(plugin);

const Waiting = () => h('div', { className: 'cards', 'aria-busy': true, 'aria-label': 'Loading plugins' },
  ...[1, 2, 3].map((key) => h('div', { key, className: 'plugin-card' }, Skeleton({ height: 22, width: '50%' }), Skeleton({ height: 14, mt: 'md' }), Skeleton({ height: 14, mt: 'xs', width: '80%' }), Skeleton({ height: 36, mt: 'xl' }))));

/** @param {{list: any[], query: string, show: string}} props */
function Cards({ list, query, show }) {
  const found = useMemo(() => filterRows(list, query, (plugin) => [plugin.name, plugin.key, plugin.description, plugin.author])
    .filter((plugin) => show === 'all' || Boolean(plugin.enabled) === (show === 'enabled'))
    .sort((a, b) => Number(isWide(a)) - Number(isWide(b))), [list, query, show]);
  if (!list.length) return h(Empty, { icon: 'blocks', title: 'No plugins found' }, 'Drop a plugin into the plugins folder and reload.');
  if (!found.length) return h(Empty, { icon: 'search-x', title: 'No plugin matches' }, 'Change the search or the filter to see the others.');
  return h('div', { className: 'cards' }, ...found.map((plugin) => h(PluginCard, { key: plugin.key, plugin, wide: isWide(plugin) })));
}

export function PluginsPage() {
  const { state, list, error, at } = useStore(catalogue);
  const [query, setQuery] = useState('');
  const [show, setShow] = useState('all');
  const now = useNow(30_000);
  useTitle('Plugins');
  const enabled = list.filter((/** @type {any} */ one) => one.enabled).length;
  return h('div', { className: 'page' },
    h('header', { className: 'page-head' },
      h('div', {}, h('h1', {}, 'Plugins'), h('p', { className: 'dim' }, state === 'ready' ? `${list.length} installed, ${enabled} enabled · read ${ago(at, Math.max(now, at))}` : 'Reading the plugins folder…')),
      h('div', { className: 'page-tools' },
        TextInput({ 'aria-label': 'Search plugins', placeholder: 'Search plugins', value: query, onChange: setQuery, leftSection: icon('search', 16), className: 'search' }),
        SegmentedControl({ data: SHOW, value: show, onChange: setShow, 'aria-label': 'Which plugins' }),
        h(ReloadButton))),
    error && h(Problem, { title: 'The list of plugins could not be loaded', message: text(error.message), onRetry: load }),
    state === 'loading' ? h(Waiting) : state === 'ready' && h(Cards, { list, query, show }));
}

