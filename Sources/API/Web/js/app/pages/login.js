/** Sign-in with a name and a password, or with the administrator's token; and on the first visit, the first administrator. */
import { text } from '../../core/format.js';
import { auth, check, setUp, setup, signIn } from '../../net/auth.js';
import { Mark, Problem } from '../../ui/atoms.js';
import { useStore, useTitle } from '../../ui/hooks.js';
import { Button, Fragment, h, PasswordInput, TextInput, useEffect, useState } from '../../ui/kit.js';

/** The three ways in: what is asked for, and what is said about it. */
const WAYS = {
  person: {
    title: 'Sign in',
    lead: 'Sign in with your name and password.',
    fields: ['username', 'password'],
    submit: 'Sign in',
    refused: 'This name and password do not belong together.',
    hint: 'Administrators add people and set passwords.',
  },
  token: {
    title: 'Sign in',
    lead: 'Sign in with the administrator’s token.',
    fields: ['token'],
    submit: 'Sign in',
    refused: 'This token is not the right one.',
    hint: 'The server prints it when it starts.',
  },
  first: {
    title: 'Welcome',
    lead: 'Nobody administers this server yet. Choose your name and a password.',
    fields: ['username', 'password'],
    submit: 'Create the administrator',
    refused: 'The administrator’s token is needed from here.',
    hint: 'At least eight characters. You can add other people later.',
  },
};

const FIELDS = {
  username: { label: 'Name', placeholder: 'Letters, digits and . _ @ -', autoComplete: 'username' },
  password: { label: 'Password', placeholder: '', autoComplete: 'current-password' },
  token: { label: 'Token', placeholder: 'Paste it here', autoComplete: 'current-password' },
};

export function Login() {
  const { state, error, isEnded } = useStore(auth);
  const [way, setWay] = useState(/** @type {keyof WAYS | ''} */ (''));
  const [isNew, setIsNew] = useState(false);
  const [needsToken, setNeedsToken] = useState(false);
  const [values, setValues] = useState(/** @type {Record<string, string>} */ ({}));
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (state !== 'out') return;
    setup().then((answer) => {
      setIsNew(!answer.superuser_exists);
      setNeedsToken(!answer.superuser_exists && !answer.setup_allowed);
      setWay(answer.superuser_exists ? 'person' : 'first');
    }, () => setWay('person'));
  }, [state]);
  const shown = WAYS[way || 'person'];
  const fields = way === 'first' && needsToken ? [...shown.fields, 'token'] : shown.fields;
  const other = way !== 'token' ? 'token' : isNew ? 'first' : 'person';
  useTitle(shown.title);
  // As its lists of networks say; the answer tells what helps.
  const isRefused = error?.status === 403;
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    // From the fields themselves: a password manager may fill and submit before the state has followed.
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const proof = Object.fromEntries(fields.map((name) => [name, text(form.get(name))]));
    if (proof.token !== undefined) proof.token = proof.token.trim();
    const missing = fields.find((name) => !proof[name]);
    if (missing) return setProblem(missing === 'token' ? 'Paste the token first.' : `The ${missing} is missing.`);
    setBusy(true);
    try {
      await (way === 'first' ? setUp(proof) : signIn(proof));
    } catch (failure) {
      const { status, code, message } = /** @type {any} */ (failure);
      setProblem(status === 401 || code === 'setup_forbidden' ? shown.refused : text(message));
    }
    setBusy(false);
  };
  const control = (/** @type {string} */ name, /** @type {number} */ index) => {
    const { autoComplete, ...rest } = FIELDS[/** @type {keyof FIELDS} */ (name)];
    return (name === 'username' ? TextInput : PasswordInput)({
      ...rest,
      key: name,
      name,
      size: 'md',
      value: values[name] ?? '',
      error: (index === fields.length - 1 && problem) || undefined,
      autoComplete: way === 'first' && name === 'password' ? 'new-password' : autoComplete,
      onChange: (/** @type {string} */ now) => (setValues((old) => ({ ...old, [name]: now })), setProblem('')),
    });
  };
  return h(
    'main',
    { className: 'login', id: 'main' },
    h(
      'form',
      { className: 'login-card', onSubmit: submit, noValidate: true },
      h(Mark, { size: 52 }),
      h('h1', {}, 'Skirret'),
      state === 'unreachable'
        ? h(Problem, { title: isRefused ? 'This server does not let you in' : 'The server does not answer', message: text(error?.message), onRetry: check })
        : way && h(
          Fragment,
          {},
          h('p', { className: 'dim' }, isEnded ? `Your session has ended. ${shown.lead}` : shown.lead),
          fields.map(control),
          Button({ type: 'submit', fullWidth: true, size: 'md', loading: busy }, shown.submit),
          Button({
            type: 'button',
            variant: 'subtle',
            fullWidth: true,
            onClick: () => (setWay(other), setProblem('')),
          }, other === 'token' ? 'Use the administrator’s token' : 'Use a name and a password'),
          h('p', { className: 'login-hint' }, shown.hint),
        ),
    ),
  );
}
