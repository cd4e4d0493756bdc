/** A plugin's own place: its layout, its further pages as tabs, or its settings and actions when it declares neither. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { fieldsOf, flat, hasLayout, pagesOf } from '../../core/schema.js';
import { Node } from '../../render/node.js';
import { RuntimeProvider } from '../../render/runtime.js';
import { Empty, Problem } from '../../ui/atoms.js';
import { useStore, useTitle } from '../../ui/hooks.js';
import { Icon } from '../../ui/icon.js';
import { Alert, h, Skeleton, useMemo, useState } from '../../ui/kit.js';
import { complain } from '../../ui/notify.js';
import { catalogue, reload } from '../../net/catalogue.js';
import { later } from '../later.js';
import { Avatar } from '../plugins/avatar.js';
import { Badges, Warnings } from '../plugins/badges.js';
import { Requirements } from '../plugins/requirements.js';
import { SafeMode } from '../plugins/safemode.js';
import { Toggle } from '../plugins/toggle.js';
import { Link, path } from '../router.js';
import { useOpenTab } from '../tabs.js';

/** What plugins without a layout have, and those with one on a page of its own. */
const Legacy = later(() => {
  globalThis.fetchTypes?.(['legacy']);
  return import('../plugins/legacy.js');
}, 'Legacy');

/** Where the settings of a plugin are that draws its own page; a page of its own by this name comes first. */
const SETTINGS = 'settings';

/** @param {any} plugin */
const hasSettings = (plugin) => hasLayout(plugin) && flat(fieldsOf(plugin.fields, true)).length > 0;

/** @param {{plugin: any, pages: any[], page: any, at?: string}} props */
function PageTabs({ plugin, pages, page, at }) {
  const box = useOpenTab(text(page?.id ?? at));
  const home = `/plugins/${encodeURIComponent(plugin.key)}`;
  const shown = pages.filter((one) => one.placement !== 'hidden');
  const settings = hasSettings(plugin) && !pages.some((one) => one.id === SETTINGS);
  if (!shown.length && !settings) return null;
  const tab = (
    /** @type {string} */ to,
    /** @type {string} */ label,
    /** @type {unknown} */ icon,
    /** @type {boolean} */ current,
  ) =>
    h(
      Link,
      { key: to, to, className: 'page-tab', 'aria-current': current ? 'page' : undefined },
      h(Icon, { name: icon, size: 16 }),
      label,
    );
  return h(
    'nav',
    { className: 'page-tabs', 'aria-label': `Pages of ${text(plugin.name)}`, ref: box },
    tab(home, 'Overview', 'layout-dashboard', !page && at === undefined),
    ...shown.map((one) => tab(one.route, one.label, one.icon ?? 'file', page?.id === one.id)),
    settings && tab(`${home}/${SETTINGS}`, 'Settings', 'sliders-horizontal', !page && at === SETTINGS),
  );
}

/** Nodes that are nothing but their children. */
const FRAMES = ['', 'stack', 'group', 'grid', 'simplegrid'];
/** @param {any} layout */
function isBlank(layout) {
  const isFrame = isObject(layout) && FRAMES.includes(text(layout.type).toLowerCase()) && Array.isArray(layout.children);
  const nodes = isFrame ? layout.children : layout;
  return Array.isArray(nodes) && !nodes.some((node) => node !== null && node !== undefined && node !== false);
}

/** What is wrong with a document of which nothing can be drawn; '' when that is not so. @param {any} schema */
function faultOf(schema) {
  if (schema === null || schema === undefined) return '';
  if (!isObject(schema)) return 'Its document is no object.';
  const { layout = null } = schema;
  return layout === null || typeof layout === 'object' ? '' : 'Its “layout” is neither a node nor a list of nodes.';
}

/** @param {{fault: string}} props */
const Unreadable = ({ fault }) =>
  h(Problem, {
    title: 'This page cannot be drawn',
    message: [
      `${fault} That is for the plugin’s author to mend: the `,
      h(Link, { key: 'where', to: '/playground', className: 'link' }, 'playground'),
      ' draws documents and says what is wrong with them.',
    ],
  });

const Blank = () => h(Empty, { icon: 'square-dashed', title: 'This page is empty' }, 'The plugin has put nothing on it.');

/** A plugin with neither a layout nor settings nor actions, as far as is known. @param {{plugin: any}} props */
const Nothing = ({ plugin }) => {
  if (plugin.load_error ?? plugin.error) return null;
  if (pagesOf(plugin).some((one) => one.placement !== 'hidden')) {
    return h(Empty, { icon: 'panel-top', title: 'Nothing on this page' }, 'What it shows is on its pages, above.');
  }
  return plugin.enabled
    ? h(Empty, { icon: 'moon-star', title: 'Nothing to set here, and nothing to run' }, 'It works by itself, or not at all yet.')
    : h(Empty, { icon: 'power-off', title: 'Nothing is known of it yet' }, 'What it offers shows once it is enabled.');
};

/** Why its code does not run, and what helps. @param {{plugin: any}} props */
function Broken({ plugin }) {
  const [busy, setBusy] = useState(false);
  const why = plugin.load_error ?? plugin.error;
  if (!why || plugin.missing) return null;
  const again = async () => {
    setBusy(true);
    await reload().catch((error) => complain('Reload failed', error));
    setBusy(false);
  };
  return h(Problem, {
    title: plugin.suspended_until ? 'It failed too often and rests for a while' : 'Its code cannot be loaded',
    message: text(why),
    onRetry: busy ? undefined : () => void again(),
    retryLabel: 'Load it again',
  });
}

/** A list of nodes stands as in a stack. @param {{layout: any}} props */
function Layout({ layout }) {
  const node = useMemo(() => (Array.isArray(layout) ? { type: 'stack', children: layout } : layout), [layout]);
  return h(Node, { node });
}

/** @param {{plugin: any, page: any, at?: string}} props */
function Body({ plugin, page, at }) {
  const layout = page ? page.layout ?? page.children : hasLayout(plugin) ? plugin.ui_schema.layout : undefined;
  if (plugin.missing) return h(Warnings, { plugin });
  if (!page && at === SETTINGS) return h('div', { className: 'panel' }, h(Legacy, { plugin, settingsOnly: true }));
  if (page && (layout === undefined || layout === null)) return h(Blank);
  if (layout === undefined) {
    const fault = faultOf(plugin.ui_schema);
    if (fault) return h(Unreadable, { fault });
    return plugin.actions?.length || plugin.fields?.length
      ? h('div', { className: 'panel' }, h(Legacy, { plugin }))
      : h(Nothing, { plugin });
  }
  if (isBlank(layout)) return h(Blank);
  return h(RuntimeProvider, { plugin, page, key: page?.id ?? '' }, h(Layout, { layout }));
}

const Unknown = (/** @type {{title: string}} */ { title }) =>
  h(
    'div',
    { className: 'page' },
    h('h1', { className: 'sr-only' }, title),
    h(
      Empty,
      { icon: 'map-pin-off', title },
      'It may have been removed. ',
      h(Link, { to: '/plugins', className: 'link' }, 'All plugins'),
    ),
  );

/** @param {{pluginKey: string, pageId?: string}} props */
export function PluginPage({ pluginKey, pageId }) {
  const { list, state } = useStore(catalogue);
  const plugin = list.find((/** @type {any} */ one) => one.key === pluginKey);
  const pages = plugin ? pagesOf(plugin) : [];
  const page = pageId === undefined ? undefined : pages.find((one) => one.id === pageId);
  useTitle(text(page?.label ?? plugin?.name ?? 'Plugin'));
  if (!plugin && state === 'loading') {
    return h(
      'div',
      { className: 'page', 'aria-busy': true },
      Skeleton({ height: 32, width: 260 }),
      Skeleton({ height: 220, mt: 'xl' }),
    );
  }
  if (!plugin) return h(Unknown, { title: `There is no plugin “${pluginKey}”` });
  const isKnown = pageId === undefined || page || (pageId === SETTINGS && hasSettings(plugin));
  if (!isKnown) return h(Unknown, { title: `“${plugin.name}” has no page “${pageId}”` });
  return h(
    'div',
    { className: 'page' },
    h(
      'nav',
      { className: 'crumbs', 'aria-label': 'Where you are' },
      h(Link, { to: '/plugins', className: 'link' }, 'Plugins'),
      h(Icon, { name: 'chevron-right', size: 14 }),
      page
        ? h(Link, { to: `/plugins/${encodeURIComponent(plugin.key)}`, className: 'link' }, text(plugin.name))
        : h('span', { 'aria-current': 'page' }, text(plugin.name)),
    ),
    h(
      'header',
      { className: 'page-head plugin-head' },
      h(Avatar, { plugin, size: 48 }),
      h(
        'div',
        { className: 'plugin-title' },
        h('h1', {}, text(page?.label ?? plugin.name)),
        h('p', { className: 'dim' }, text(page?.description ?? plugin.description)),
        h(Badges, { plugin }),
      ),
      h('div', { className: 'page-tools' }, h(Toggle, { plugin })),
    ),
    h(PageTabs, { plugin, pages, page, at: pageId }),
    !plugin.enabled && !plugin.missing &&
      Alert(
        { color: 'yellow', variant: 'light', mb: 'md', icon: h(Icon, { name: 'power-off', size: 18 }) },
        'This plugin is disabled, so its actions do not run. Enable it with the switch above.',
      ),
    h(SafeMode),
    h(Broken, { plugin }),
    h(Requirements, { plugin }),
    h(Body, { plugin, page, at: pageId }),
  );
}

/** A page under its own route, found among all enabled plugins. */
export function CustomPage() {
  const at = useStore(path).replace(/\/+$/, '');
  const { list, state } = useStore(catalogue);
  const found = list.filter((/** @type {any} */ one) => one.enabled).flatMap((/** @type {any} */ plugin) =>
    pagesOf(plugin).map((page) => ({ plugin, page }))
  ).find(({ page }) => page.route === at);
  if (found) return h(PluginPage, { pluginKey: found.plugin.key, pageId: found.page.id });
  return state === 'loading' ? null : h(Unknown, { title: 'There is nothing at this address' });
}
