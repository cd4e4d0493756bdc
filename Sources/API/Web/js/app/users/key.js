/** API keys: one for each person, shown once, never again. */
import { text } from '../../core/format.js';
import { users } from '../../net/users.js';
import { Pill } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { Button, Group, h, Modal, Stack } from '../../ui/kit.js';
import { CodeBlock } from '../../components/content/code.js';
import { Do } from '../parts.js';

/** Whether there is one, and the buttons that make and revoke it. @param {{person: any, shown: (made: any) => void, after: () => void}} props */
export function Key({ person, shown, after }) {
  const has = Boolean(person.has_api_key);
  const make = async () => shown({ key: (await users.makeKey(person.id)).key, name: text(person.username) });
  return h(
    'span',
    { className: 'key-cell' },
    has ? h(Pill, { tone: 'teal', icon: 'key-round' }, 'has one') : h('span', { className: 'dim' }, 'none'),
    h(Do, {
      label: has ? 'New key' : 'Make a key',
      icon: 'key-round',
      tone: 'indigo',
      question: has && {
        title: `A new key for ${text(person.username)}?`,
        message: 'The old key ends at once: whatever uses it stops until it gets the new one.',
        confirmLabel: 'Make a new key',
      },
      run: make,
      after,
    }),
    has && h(Do, {
      label: 'Revoke',
      icon: 'ban',
      tone: 'red',
      question: {
        title: `Revoke the key of ${text(person.username)}?`,
        message: 'Whatever uses it is locked out at once.',
        confirmLabel: 'Revoke',
        color: 'red',
      },
      run: () => users.revokeKey(person.id),
      done: 'Revoked',
      after,
    }),
  );
}

/** @param {{made: {key: string, name: string} | undefined, close: () => void}} props */
export const KeyShown = ({ made, close }) =>
  Modal(
    {
      opened: made !== undefined,
      onChange: (/** @type {boolean} */ is) => is || close(),
      title: made ? `The key of ${made.name}` : '',
      size: 'lg',
      closeOnClickOutside: false,
    },
    made && Stack(
      { gap: 'md' },
      h('p', {}, 'Copy it now: it is shown this once, and nobody can read it again, not even an administrator.'),
      h(CodeBlock, { words: text(made.key), node: {} }),
      h(
        'p',
        { className: 'dim' },
        'Programs send it with every request, as the header ',
        h('code', {}, 'X-API-Key'),
        '.',
      ),
      Group({ justify: 'flex-end' }, Button({ onClick: close, leftSection: icon('check', 16) }, 'I have it')),
    ),
  );
