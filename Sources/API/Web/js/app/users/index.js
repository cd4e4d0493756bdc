/** Oneself, and for administrators everybody: levels, passwords, keys. */
import { number, text } from '../../core/format.js';
import { auth } from '../../net/auth.js';
import { paths, users } from '../../net/users.js';
import { pending, Pill } from '../../ui/atoms.js';
import { useStore, useTitle } from '../../ui/hooks.js';
import { icon } from '../../ui/icon.js';
import { Button, h, Modal, Stack, Switch, useState } from '../../ui/kit.js';
import { complain } from '../../ui/notify.js';
import { Do, Grid, Panel, useApi, When } from '../parts.js';
import { Editor } from './editor.js';
import { Key, KeyShown } from './key.js';
import { levelOf } from './levels.js';
import { Myself } from './myself.js';

/** Seconds between two looks for what other administrators changed. */
const EVERY = 30;

/** @param {{person: any, isMe: boolean, after: () => void}} props */
function OnOff({ person, isMe, after }) {
  const turn = async (/** @type {boolean} */ isOn) => {
    try {
      await users.change(person.id, { is_active: isOn });
    } catch (error) {
      complain('Not changed', error);
    }
    after();
  };
  return Switch({
    checked: person.is_active !== false,
    onChange: turn,
    disabled: isMe,
    size: 'sm',
    'aria-label': `Let ${text(person.username)} in`,
  });
}

/** @param {{me: any, edit: (person: any) => void, shown: (key: any) => void}} props */
function Everybody({ me, edit, shown }) {
  const source = useApi(paths.all, EVERY);
  const list = Array.isArray(source.data) ? source.data : [];
  const row = (/** @type {any} */ person) => [
    h(OnOff, { person, isMe: person.id === me?.id, after: source.refresh }),
    h(
      'span',
      {},
      h('strong', {}, text(person.username)),
      person.id === me?.id && h('span', { className: 'dim' }, ' you'),
      person.email && h('span', { className: 'dim person-mail' }, text(person.email)),
    ),
    h(Pill, { tone: levelOf(person.user_level).tone }, levelOf(person.user_level).label),
    h(When, { at: person.last_login }),
    h(Key, { person, shown, after: source.refresh }),
    h(
      'div',
      { className: 'row-actions' },
      h(
        'button',
        {
          type: 'button',
          className: 'mini-button tone-gray',
          'aria-label': `Edit ${text(person.username)}`,
          onClick: () => edit({ person, after: source.refresh }),
        },
        icon('pencil', 14),
        'Edit',
      ),
      h(Do, {
        label: 'Remove',
        icon: 'trash-2',
        tone: 'red',
        disabled: person.id === me?.id,
        question: {
          title: `Remove ${text(person.username)}?`,
          message: 'Their sessions end at once, and their key no longer opens anything.',
          confirmLabel: 'Remove',
          color: 'red',
        },
        run: () => users.remove(person.id),
        done: 'Removed',
        after: source.refresh,
      }),
    ),
  ];
  return h(
    Panel,
    {
      title: 'Everybody',
      icon: 'users',
      note: list.length ? number(list.length) : '',
      flush: true,
      tools: Button(
        { size: 'xs', leftSection: icon('user-plus', 15), onClick: () => edit({ after: source.refresh }) },
        'Add a person',
      ),
    },
    pending(source, { empty: !list.length, title: 'Nobody yet: the administrator’s token alone opens this server' }) ??
      h(Grid, {
        label: 'Everybody',
        heads: ['In', 'Name', 'Level', 'Last here', 'API key', ''],
        lead: 1,
        keys: list.map((one) => text(one.id)),
        rows: list.map(row),
      }),
  );
}

export default function UsersPage() {
  useTitle('Users');
  const { user } = useStore(auth);
  const [edited, edit] = useState(/** @type {any} */ (undefined));
  const [key, shown] = useState(/** @type {any} */ (undefined));
  const isAdmin = Number(user?.level ?? 0) >= 10;
  return h(
    'div',
    { className: 'page' },
    h(
      'header',
      { className: 'page-head' },
      h(
        'div',
        {},
        h('h1', {}, 'Users'),
        h(
          'p',
          { className: 'dim' },
          isAdmin ? 'Who may use this server, and how far.' : 'Your account on this server.',
        ),
      ),
    ),
    Stack({ gap: 'md' }, h(Myself, { user, shown }), isAdmin && h(Everybody, { me: user, edit, shown })),
    Modal(
      {
        opened: edited !== undefined,
        onChange: (/** @type {boolean} */ is) => is || edit(undefined),
        title: edited?.person ? `Edit ${text(edited.person.username)}` : 'Add a person',
        size: 'md',
      },
      edited !== undefined &&
        h(Editor, {
          key: text(edited.person?.id),
          person: edited.person,
          isMe: edited.person?.id !== undefined && edited.person.id === user?.id,
          close: () => edit(undefined),
          after: edited.after,
        }),
    ),
    h(KeyShown, { made: key, close: () => shown(undefined) }),
  );
}
