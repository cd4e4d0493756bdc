/** The form of a person. */
import { text } from '../../core/format.js';
import { users } from '../../net/users.js';
import { Button, Group, h, PasswordInput, Radio, RadioGroup, Stack, TextInput, useState } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { LEVELS } from './levels.js';
import { SHORTEST } from './myself.js';

/** What keeps a person from being saved, by field. @param {any} draft @param {boolean} isNew */
function faultsOf(draft, isNew) {
  const faults = /** @type {Record<string, string>} */ ({});
  if (!/^[\w.@-]{1,150}$/.test(draft.username.trim())) faults.username = 'Letters, digits and . _ @ - only.';
  if (isNew && !draft.password) faults.password = 'A first password.';
  if (draft.password && draft.password.length < SHORTEST) faults.password = `At least ${SHORTEST} characters.`;
  if (draft.email.trim() && !draft.email.includes('@')) faults.email = 'This is no address.';
  return faults;
}

/** @param {{person?: any, isMe: boolean, close: () => void, after: () => void}} props */
export function Editor({ person, isMe, close, after }) {
  const [draft, setDraft] = useState({
    username: text(person?.username),
    email: text(person?.email),
    password: '',
    level: text(person?.user_level ?? 1),
  });
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const set = (/** @type {string} */ key) => (/** @type {any} */ value) =>
    setDraft((/** @type {any} */ now) => ({ ...now, [key]: value }));
  const found = faultsOf(draft, !person);
  const faults = asked ? found : {};
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setAsked(true);
    if (Object.keys(found).length) return;
    setBusy(true);
    const body = {
      username: draft.username.trim(),
      email: draft.email.trim(),
      ...(isMe ? {} : { user_level: Number(draft.level) }),
      ...(draft.password ? { password: draft.password } : {}),
    };
    try {
      await (person ? users.change(person.id, body) : users.add(body));
      notify({ title: person ? 'Saved' : 'Added', message: body.username });
      after();
      close();
    } catch (error) {
      complain('Not saved', error);
      setBusy(false);
    }
  };
  return h(
    'form',
    { onSubmit: save, noValidate: true, 'aria-label': 'Person' },
    Stack(
      { gap: 'md' },
      TextInput({
        label: 'Name',
        value: draft.username,
        onChange: set('username'),
        withAsterisk: true,
        error: faults.username,
        autoComplete: 'off',
        'data-autofocus': true,
      }),
      TextInput({
        label: 'E-mail',
        value: draft.email,
        onChange: set('email'),
        error: faults.email,
        autoComplete: 'off',
      }),
      PasswordInput({
        label: person ? 'New password' : 'Password',
        description: person ? 'Empty: it stays. A new one ends all their sessions.' : `At least ${SHORTEST} characters`,
        value: draft.password,
        onChange: set('password'),
        withAsterisk: !person,
        error: faults.password,
        autoComplete: 'new-password',
      }),
      isMe ? h('p', { className: 'dim' }, 'Your own level is changed by another administrator.') : RadioGroup(
        { label: 'Level', value: draft.level, onChange: set('level') },
        Stack(
          { gap: 'xs', mt: 'xs' },
          ...LEVELS.map((one) => Radio({ key: one.value, value: one.value, label: one.label, description: one.about })),
        ),
      ),
      Group(
        { justify: 'flex-end' },
        Button({ variant: 'default', onClick: close }, 'Cancel'),
        Button({ type: 'submit', loading: busy }, person ? 'Save' : 'Add'),
      ),
    ),
  );
}
