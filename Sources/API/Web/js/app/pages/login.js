/** Sign-in: the administrator's token, pasted once, becomes a cookie that scripts cannot read. */
import { text } from '../../core/format.js';
import { auth, check, signIn } from '../../net/auth.js';
import { Mark, Problem } from '../../ui/atoms.js';
import { useStore, useTitle } from '../../ui/hooks.js';
import { Button, h, PasswordInput, useState } from '../../ui/kit.js';

export function Login() {
  const { state, error } = useStore(auth);
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  useTitle('Sign in');
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    // From the field itself: a password manager may fill and submit before the state has followed.
    const entered = text(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('token')).trim();
    if (!entered) return setProblem('Paste the token first.');
    setBusy(true);
    try {
      await signIn(entered);
    } catch (failure) {
      const { status, message } = /** @type {any} */ (failure);
      setProblem(status === 401 || status === 403 ? 'This token is not the right one.' : text(message));
    }
    setBusy(false);
  };
  return h(
    'main',
    { className: 'login', id: 'main' },
    h(
      'form',
      { className: 'login-card', onSubmit: submit, noValidate: true },
      h(Mark, { size: 52 }),
      h('h1', {}, 'Skirret'),
      h('p', { className: 'dim' }, 'Sign in with the administrator’s token.'),
      h('input', {
        type: 'text',
        name: 'username',
        autoComplete: 'username',
        value: 'admin',
        readOnly: true,
        hidden: true,
      }),
      state === 'unreachable'
        ? h(Problem, { title: 'The server does not answer', message: text(error?.message), onRetry: check })
        : PasswordInput({
          label: 'Token',
          placeholder: 'Paste it here',
          value: token,
          error: problem || undefined,
          autoComplete: 'current-password',
          name: 'token',
          size: 'md',
          onChange: (/** @type {string} */ now) => (setToken(now), setProblem('')),
        }),
      state !== 'unreachable' && Button({ type: 'submit', fullWidth: true, size: 'md', loading: busy }, 'Sign in'),
      h('p', { className: 'login-hint' }, 'The server prints it when it starts.'),
    ),
  );
}
