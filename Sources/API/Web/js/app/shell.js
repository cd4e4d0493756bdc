/** The frame around every page: sidebar, header, banner, and the live panel at the side. */
import { connection } from '../net/socket.js';
import { auth, signOut } from '../net/auth.js';
import { IconButton, Mark } from '../ui/atoms.js';
import { useMedia, useStore } from '../ui/hooks.js';
import { h, useEffect, useState } from '../ui/kit.js';
import { complain } from '../ui/notify.js';
import { chooseScheme, scheme } from '../ui/theme.js';
import { later } from './later.js';
import { Offline } from './offline.js';
import { path } from './router.js';
import { Sidebar } from './sidebar.js';

const EventPanel = later(() => import('./pages/events.js'), 'EventPanel');

const STATES = /** @type {Record<string, [string, string]>} */ ({
  live: ['Live', 'teal'],
  connecting: ['Connecting', 'orange'],
  waiting: ['Offline', 'red'],
  refused: ['Not allowed', 'red'],
  idle: ['Idle', 'gray'],
});

function Connection() {
  const [word, tone] = STATES[useStore(connection).state];
  return h(
    'span',
    { className: `connection tone-${tone}`, role: 'status' },
    h('span', { className: `dot ${tone === 'teal' ? 'pulse' : ''}`, 'aria-hidden': true }),
    word,
  );
}

function SchemeButton() {
  const dark = useStore(scheme) === 'dark';
  return h(IconButton, {
    label: dark ? 'Light colours' : 'Dark colours',
    icon: dark ? 'sun' : 'moon',
    onClick: () => chooseScheme(dark ? 'light' : 'dark'),
  });
}

function Who() {
  const { user } = useStore(auth);
  const name = user?.username ?? user?.name ?? 'Administrator';
  return h(
    'span',
    { className: 'who' },
    h('span', { className: 'who-name' }, String(name)),
    h(IconButton, {
      label: 'Sign out',
      icon: 'log-out',
      onClick: () => signOut().catch((error) => complain('Not signed out', error)),
    }),
  );
}

/** @param {{children?: any}} props */
export function Shell({ children }) {
  const at = useStore(path);
  const wide = useMedia('(min-width: 1240px)');
  const [menu, setMenu] = useState(false);
  const [panel, setPanel] = useState(false);
  const beside = panel && wide && at !== '/events';
  useEffect(() => setMenu(false), [at]);
  useEffect(() => {
    const escape = (/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && setMenu(false);
    addEventListener('keydown', escape);
    return () => removeEventListener('keydown', escape);
  }, []);
  return h(
    'div',
    { className: `shell ${menu ? 'menu-open' : ''} ${beside ? 'with-panel' : ''}` },
    h('a', { className: 'skip', href: '#main' }, 'Skip to the page'),
    h(
      'div',
      { className: 'top', role: 'region', 'aria-label': 'Top bar' },
      h(IconButton, {
        className: 'menu-button',
        label: menu ? 'Close menu' : 'Open menu',
        icon: menu ? 'x' : 'menu',
        'aria-expanded': menu,
        'aria-controls': 'sidebar',
        onClick: () => setMenu(!menu),
      }),
      h('span', { className: 'top-brand' }, h(Mark, { size: 26 }), 'Skirret'),
      h('span', { className: 'spring' }),
      h(Connection),
      wide && at !== '/events' &&
        h(IconButton, {
          label: panel ? 'Hide live events' : 'Show live events',
          icon: 'radio',
          'aria-pressed': panel,
          onClick: () => setPanel(!panel),
        }),
      h(SchemeButton),
      h(Who),
    ),
    h(Sidebar, {}),
    menu &&
      h('button', { type: 'button', className: 'scrim', 'aria-label': 'Close menu', onClick: () => setMenu(false) }),
    h('main', { id: 'main', tabIndex: -1 }, h(Offline), children),
    beside && h('aside', { className: 'side-panel', 'aria-label': 'Live events' }, h(EventPanel, { compact: true })),
  );
}
