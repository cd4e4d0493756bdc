/** One plugin as a card. A plugin with a layout of its own shows that; the others their settings and actions. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { hasLayout, pagesOf } from '../../core/schema.js';
import { safeUrl } from '../../core/url.js';
import { Node } from '../../render/node.js';
import { RuntimeProvider } from '../../render/runtime.js';
import { Level, Waiting } from '../../ui/atoms.js';
import { useSeen } from '../../ui/hooks.js';
import { Icon } from '../../ui/icon.js';
import { h } from '../../ui/kit.js';
import { Link } from '../router.js';
import { Avatar } from './avatar.js';
import { Badges, Warnings } from './badges.js';
import { Legacy } from './legacy.js';
import { RemoveButton } from './remove.js';
import { Requirements } from './requirements.js';
import { Toggle } from './toggle.js';

/** How much of a whole page must be in sight. Pixels. */
const ENOUGH = 40;

const version = (/** @type {any} */ plugin) => (plugin.version ? `v${text(plugin.version).replace(/^v/i, '')}` : '');

/** @param {{plugin: any}} props */
function Head({ plugin }) {
  const docs = safeUrl(plugin.help_url);
  return h(
    'header',
    { className: 'card-head' },
    h(Avatar, { plugin }),
    h(
      'div',
      { className: 'card-name' },
      h('h2', {}, text(plugin.name || plugin.key)),
      h(
        'p',
        { className: 'dim' },
        [version(plugin), plugin.author && `by ${text(plugin.author)}`].filter(Boolean).join(' · '),
        docs && h('a', { className: 'link docs', href: docs, target: '_blank', rel: 'noopener noreferrer' }, 'Docs'),
      ),
    ),
    h(Toggle, { plugin }),
  );
}

/** A whole page or its preview. What nobody has scrolled to is not fetched, drawn or asked of the plugin. @param {{plugin: any, layout: any}} props */
function Layout({ plugin, layout }) {
  const [box, isSeen] = useSeen(-ENOUGH);
  const drawn = h(Level.Provider, { value: 3 }, h(RuntimeProvider, { plugin }, h(Node, { node: layout })));
  return h('div', { className: 'card-layout', ref: box }, isSeen ? drawn : h(Waiting, { lines: 6 }));
}

/** @param {{plugin: any, wide: boolean}} props */
export function PluginCard({ plugin, wide }) {
  const opens = !plugin.missing && (hasLayout(plugin) || pagesOf(plugin).length > 0);
  const off = !plugin.enabled || plugin.missing;
  const preview = isObject(plugin.ui_schema) ? plugin.ui_schema.preview : undefined;
  return h(
    'article',
    {
      className: `plugin-card ${wide ? 'wide' : ''} ${off ? 'off' : ''}`,
      'data-plugin': plugin.key,
      'aria-label': text(plugin.name || plugin.key),
    },
    h(Head, { plugin }),
    h(Badges, { plugin }),
    plugin.description && h('p', { className: 'card-about' }, text(plugin.description)),
    h(Warnings, { plugin }),
    h(Requirements, { plugin }),
    wide || (preview && !off)
      ? h(Layout, { plugin, layout: preview ?? plugin.ui_schema.layout })
      : !hasLayout(plugin) && h(Legacy, { plugin }),
    h(
      'footer',
      { className: 'card-foot' },
      h(RemoveButton, { plugin }),
      h('span', { className: 'spring' }),
      opens && h(
        Link,
        {
          to: `/plugins/${encodeURIComponent(plugin.key)}`,
          className: 'open-link',
          'aria-label': `Open ${text(plugin.name)}`,
        },
        'Open',
        h(Icon, { name: 'arrow-right', size: 16 }),
      ),
    ),
  );
}
