/** Settings: one's own account and colours, and for administrators the server's groups. */
import { text } from '../../core/format.js';
import { PLACES } from '../../core/settings.js';
import { auth } from '../../net/auth.js';
import { paths } from '../../net/settings.js';
import { pending } from '../../ui/atoms.js';
import { useStore, useTitle } from '../../ui/hooks.js';
import { h, Stack, useState } from '../../ui/kit.js';
import { useApi } from '../parts.js';
import { PageTabs } from '../tabs.js';
import { KeyShown } from '../users/key.js';
import { Myself } from '../users/myself.js';
import { Colours } from './colours.js';
import { GroupForm } from './group.js';
import { Networks } from './networks.js';

const addressOf = (/** @type {string} */ id) => (id ? `/settings/${id}` : '/settings');
const TABS = PLACES.map(({ id, label, icon }) => ({ to: addressOf(id), label, icon }));

/** @param {{user: any}} props */
function You({ user }) {
  const [key, shown] = useState(/** @type {any} */ (undefined));
  return Stack(
    { gap: 'md' },
    h(Colours),
    h(Myself, { user, shown }),
    h(KeyShown, { made: key, close: () => shown(undefined) }),
  );
}

/** @param {{place: any, mayChange: boolean}} props */
function Server({ place, mayChange }) {
  const source = useApi(paths.all, 0);
  const zones = useApi(place.keys.includes('system_settings') ? paths.zones : undefined, 0);
  const rows = Array.isArray(source.data) ? source.data : [];
  if (!source.data) return h('div', { className: 'panel' }, pending(source, { lines: 6 }));
  return Stack(
    { gap: 'md' },
    !mayChange && h('p', { className: 'dim' }, 'Only administrators change what is here.'),
    ...place.keys.map((/** @type {string} */ key) =>
      h(key === 'network_access' ? Networks : GroupForm, {
        key,
        name: key,
        value: rows.find((one) => one.key === key)?.value ?? {},
        known: { timezones: zones.data?.timezones },
        mayChange,
        after: source.refresh,
      })
    ),
  );
}

function Version() {
  const { data } = useApi(paths.version, 0);
  return data
    ? h(
      'p',
      { className: 'dim settings-version' },
      `Skirret ${text(data.server_version)}, for plugins of Dispatcharr ${text(data.version)}`,
    )
    : null;
}

/** @param {{part?: string}} props */
export default function SettingsPage({ part = '' }) {
  useTitle('Settings');
  const { user } = useStore(auth);
  const place = PLACES.find((one) => one.id === part) ?? PLACES[0];
  return h(
    'div',
    { className: 'page' },
    h(
      'header',
      { className: 'page-head' },
      h('div', {}, h('h1', {}, 'Settings'), h('p', { className: 'dim' }, 'Your account, and how this server behaves.')),
    ),
    h(PageTabs, { label: 'Settings', tabs: TABS, at: addressOf(place.id) }),
    place.id ? h(Server, { key: place.id, place, mayChange: Number(user?.level ?? 0) >= 10 }) : h(You, { user }),
    place.id === 'system' && h(Version),
  );
}
