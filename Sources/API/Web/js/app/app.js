/** The whole page: sign-in or shell, and inside it the page that the address names. */
import { auth } from '../net/auth.js';
import { Questions } from '../ui/confirm.js';
import { useMedia, useStore } from '../ui/hooks.js';
import { Fragment, h, NotificationContainer, Provider, useEffect } from '../ui/kit.js';
import { scheme, theme } from '../ui/theme.js';
import { later } from './later.js';
import { go, match, path } from './router.js';
import { Shell } from './shell.js';

// Each is fetched when it is first opened. Which files that takes is listed in early.js.
const Login = later(() => import('./pages/login.js'), 'Login');
const PluginsPage = later(() => import('./pages/plugins.js'), 'PluginsPage');
const PluginPage = later(() => import('./pages/plugin.js'), 'PluginPage');
const CustomPage = later(() => import('./pages/plugin.js'), 'CustomPage');
const EventsPage = later(() => import('./pages/events.js'), 'EventsPage');
const HubPage = later(() => import('./hub/index.js'));
const PlaygroundPage = later(() => import('./playground/playground.js'));
const SourcesPage = later(() => import('./sources/index.js'));
const TasksPages = later(() => import('./tasks/index.js'));
const SettingsPage = later(() => import('./settings/index.js'));
const UsersPage = later(() => import('./users/index.js'));

function Page() {
  const at = useStore(path);
  const { page, key, sub } = /** @type {any} */ (match(at));
  useEffect(() => {
    if (page === 'home') go('/plugins', { replace: true });
  }, [page]);
  switch (page) {
    case 'plugin':
      return h(PluginPage, { pluginKey: key, pageId: sub });
    case 'browse':
      return h(HubPage);
    case 'events':
      return h(EventsPage);
    case 'playground':
      return h(PlaygroundPage);
    case 'sources':
      return h(SourcesPage);
    case 'users':
      return h(UsersPage);
    case 'settings':
      return h(SettingsPage, { part: key });
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
    ? h(Shell, {}, h(Page))
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
