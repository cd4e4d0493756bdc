/** The two places of plugins: those that are here, and those that repositories offer. */
import { catalogue } from '../../net/catalogue.js';
import { useStore } from '../../ui/hooks.js';
import { Icon } from '../../ui/icon.js';
import { h } from '../../ui/kit.js';
import { Link } from '../router.js';

/** @param {{at: 'installed' | 'browse'}} props */
export function PluginTabs({ at }) {
  const updates = useStore(catalogue).list.filter((/** @type {any} */ one) => one.update_available).length;
  const tab = (
    /** @type {string} */ to,
    /** @type {string} */ label,
    /** @type {string} */ icon,
    /** @type {boolean} */ current,
    badge = 0,
  ) =>
    h(
      Link,
      { to, className: 'page-tab', 'aria-current': current ? 'page' : undefined },
      h(Icon, { name: icon, size: 16 }),
      label,
      badge > 0 && h('span', { className: 'pill tone-yellow', title: `${badge} with an update` }, badge),
    );
  return h(
    'nav',
    { className: 'page-tabs', 'aria-label': 'Plugins' },
    tab('/plugins', 'Installed', 'blocks', at === 'installed'),
    tab('/plugins/browse', 'Find plugins', 'store', at === 'browse', updates),
  );
}
