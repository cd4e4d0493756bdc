/** One's own account: mail, password, key. */
import { text } from '../../core/format.js';
import { check } from '../../net/auth.js';
import { paths, users } from '../../net/users.js';
import { pending, Pill } from '../../ui/atoms.js';
import { Button, h, PasswordInput, Stack, TextInput, useState } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { Panel, useApi } from '../parts.js';
import { Key } from './key.js';
import { levelOf } from './levels.js';

/** Shorter ones the server refuses. */
export const SHORTEST = 8;

/** @param {{me: any, after: () => void}} props */
function Form({ me, after }) {
  const [mail, setMail] = useState(text(me.email));
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [busy, setBusy] = useState(false);
  const differ = again !== '' && again !== password;
  const short = password !== '' && password.length < SHORTEST;
  const changes = {
    ...(mail.trim() === text(me.email) ? {} : { email: mail.trim() }),
    ...(password ? { password } : {}),
  };
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await users.changeMe(changes);
      notify({ title: 'Saved', message: password ? 'Your other sessions have ended.' : '' });
      setPassword('');
      setAgain('');
      // The session may be a new one.
      if (password) await check();
      after();
    } catch (error) {
      complain('Not saved', error);
    }
    setBusy(false);
  };
  return h(
    'form',
    { onSubmit: save, noValidate: true, 'aria-label': 'Your account' },
    h(
      'div',
      { className: 'fields two' },
      h(
        'div',
        { className: 'wide' },
        TextInput({ label: 'E-mail', value: mail, onChange: setMail, autoComplete: 'email' }),
      ),
      PasswordInput({
        label: 'New password',
        value: password,
        onChange: setPassword,
        autoComplete: 'new-password',
        error: short && `At least ${SHORTEST} characters.`,
      }),
      PasswordInput({
        label: 'The same again',
        value: again,
        onChange: setAgain,
        autoComplete: 'new-password',
        error: differ && 'These two differ.',
      }),
    ),
    h(
      'div',
      { className: 'form-foot' },
      Button({
        type: 'submit',
        loading: busy,
        disabled: !Object.keys(changes).length || short || (password !== '' && again !== password),
      }, 'Save'),
    ),
  );
}

/** @param {{user: any, shown: (made: any) => void}} props */
export function Myself({ user, shown }) {
  const isSomebody = user?.id !== null && user?.id !== undefined;
  const source = useApi(isSomebody ? paths.me : undefined, 0);
  const me = source.data;
  return h(
    Panel,
    {
      title: 'Your account',
      icon: 'circle-user-round',
      note: text(user?.name),
      tools: h(Pill, { tone: levelOf(user?.level).tone }, levelOf(user?.level).label),
    },
    !isSomebody
      ? h(
        'p',
        { className: 'dim' },
        'You came in with the administrator’s token, which belongs to no account. Add a person below, and sign in with their name.',
      )
      : pending(source) ?? Stack(
        { gap: 'md' },
        h(Form, { me, after: source.refresh }),
        h(
          'div',
          { className: 'own-key' },
          h('strong', {}, 'API key'),
          h(Key, { person: me, shown, after: source.refresh }),
        ),
      ),
  );
}
