/** The whole page: sign-in or shell, and inside it the page that the address names. */
import { auth } from '../net/auth.js';
import { Questions } from '../ui/confirm.js';
import { useMedia, useStore } from '../ui/hooks.js';
import { Fragment, h, lazy, NotificationContainer, Provider, Suspense, useEffect } from '../ui/kit.js';
import { scheme, theme } from '../ui/theme.js';
import { EventsPage } from './pages/events.js';
import { Login } from './pages/login.js';
import { CustomPage, PluginPage } from './pages/plugin.js';
import { PluginsPage } from './pages/plugins.js';
import { go, match, path } from './router.js';
import { Shell } from './shell.js';

// Loaded when they are first opened: not everybody writes plugins or looks after queues.
const PlaygroundPage = lazy(() => import('./playground/playground.js'));
const SourcesPage = lazy(() => import('./sources/index.js'));
const TasksPages = lazy(() => import('./tasks/index.js'));
const UsersPage = lazy(() => import('./users/index.js'));

function Page() {
  const at = useStore(path);
  const { page, key, sub } = /** @type {any} */ (match(at));
  useEffect(() => {
    if (page === 'home') go('/plugins', { replace: true });
  }, [page]);
  switch (page) {
    case 'plugin':
      return h(PluginPage, { pluginKey: key, pageId: sub });
    case 'events':
      return h(EventsPage);
    case 'playground':
      return h(PlaygroundPage);
    case 'sources':
      return h(SourcesPage);
    case 'users':
      return h(UsersPage);
    case 'tasks':
      return h(TasksPages, { part: key, id: sub });
    case 'custom':
      return h(CustomPage);
    default:
      return h(PluginsPage);
  }
}

export function App() {
  const colours = useStore(scheme);
  const { state } = useStore(auth);
  const small = useMedia('(max-width: 600px)');
  const inside = state === 'in'
    ? h(Shell, {}, h(Suspense, { fallback: h('div', { className: 'page', 'aria-busy': true }) }, h(Page)))
    : state === 'unknown'
    ? h('div', { className: 'login', 'aria-busy': true })
    : h(Login);
  return Provider(
    { theme, forceColorScheme: colours },
    h(
      Fragment,
      {},
      inside,
      h(Questions),
      NotificationContainer({ position: 'top-right', limit: 5, zIndex: 350, containerWidth: small ? 330 : 400 }),
    ),
  );
}
