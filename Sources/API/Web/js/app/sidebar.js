/** Our pages, then the pages that enabled plugins put here. */
import { Mark } from '../ui/atoms.js';
import { useStore } from '../ui/hooks.js';
import { Icon } from '../ui/icon.js';
import { h } from '../ui/kit.js';
import { useSidebarPages } from './order.js';
import { Link, path } from './router.js';

/** @param {{to: string, icon: unknown, label: string, current: boolean}} props */
const Entry = ({ to, icon, label, current }) =>
  h(
    'li',
    {},
    h(
      Link,
      { to, className: 'nav-link', 'aria-current': current ? 'page' : undefined },
      h(Icon, { name: icon, size: 18 }),
      h('span', {}, label),
    ),
  );

export function Sidebar() {
  const at = useStore(path).replace(/\/+$/, '') || '/';
  const pages = useSidebarPages();
  const within = pages.some((/** @type {any} */ page) => at === page.route || at === page.own);
  return h(
    'nav',
    { id: 'sidebar', className: 'sidebar', 'aria-label': 'Main' },
    h(
      'div',
      { className: 'sidebar-inner' },
      h(
        Link,
        { to: '/plugins', className: 'brand', 'aria-label': 'Skirret, plugins' },
        h(Mark, { size: 30 }),
        h('span', {}, 'Skirret'),
      ),
      h(
        'ul',
        { className: 'nav' },
        h(Entry, { to: '/plugins', icon: 'blocks', label: 'Plugins', current: at.startsWith('/plugins') && !within }),
        h(Entry, {
          to: '/tasks',
          icon: 'list-checks',
          label: 'Tasks',
          current: at === '/tasks' || at.startsWith('/tasks/'),
        }),
        h(Entry, { to: '/sources', icon: 'rss', label: 'Sources', current: at === '/sources' }),
        h(Entry, { to: '/events', icon: 'radio', label: 'Events', current: at === '/events' }),
        h(Entry, { to: '/playground', icon: 'flask-conical', label: 'Playground', current: at === '/playground' }),
        h(Entry, { to: '/users', icon: 'users', label: 'Users', current: at === '/users' }),
        h(Entry, {
          to: '/settings',
          icon: 'settings',
          label: 'Settings',
          current: at === '/settings' || at.startsWith('/settings/'),
        }),
      ),
      pages.length > 0 && h('p', { className: 'nav-title', id: 'nav-pages' }, 'Dashboards'),
      pages.length > 0 &&
        h(
          'ul',
          { className: 'nav', 'aria-labelledby': 'nav-pages' },
          ...pages.map((/** @type {any} */ page) =>
            h(Entry, {
              key: `${page.plugin.key}/${page.id}`,
              to: page.route,
              icon: page.icon ?? 'layout-dashboard',
              label: page.label,
              current: at === page.route || at === page.own,
            })
          ),
        ),
    ),
  );
}
