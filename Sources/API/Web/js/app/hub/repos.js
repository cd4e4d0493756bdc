/** The repositories: which are read, how that went, whether they are signed; adding one after a look at it. */
import { ago, text } from '../../core/format.js';
import { remedyOf, sizeOf, troubleOf } from '../../core/hub.js';
import { hub, paths } from '../../net/hub.js';
import { IconButton, pending, Pill, Problem } from '../../ui/atoms.js';
import { ask } from '../../ui/confirm.js';
import { Icon } from '../../ui/icon.js';
import {
  Button,
  Group,
  h,
  Modal,
  NumberInput,
  RunButton,
  Stack,
  Switch,
  Textarea,
  TextInput,
  useState,
} from '../../ui/kit.js';
import { notify } from '../../ui/notify.js';
import { useApi } from '../parts.js';
import { Signature } from './card.js';
import { complainOf } from './install.js';

/** Runs something slow once at a time and says how it failed. @param {string} title */
function useBusy(title) {
  const [busy, setBusy] = useState(false);
  const run = async (/** @type {() => Promise<any>} */ work) => {
    if (busy) return undefined;
    setBusy(true);
    try {
      return await work();
    } catch (error) {
      complainOf(title, error);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  return /** @type {[boolean, typeof run]} */ ([busy, run]);
}

/** Its public key, to put right. @param {{repo: any, done: () => void}} props */
function KeyEditor({ repo, done }) {
  const [key, setKey] = useState(text(repo.public_key));
  const [busy, run] = useBusy(`The key of ${text(repo.name)} was not changed`);
  const save = () =>
    run(async () => {
      await hub.change(repo.id, { public_key: key.trim() });
      await hub.refresh(repo.id);
      notify({ title: 'Key saved', message: text(repo.name) });
      done();
    });
  return h(
    'div',
    { className: 'repo-key' },
    Textarea({
      label: `Public key of ${text(repo.name)}`,
      value: key,
      onChange: setKey,
      autosize: true,
      minRows: 3,
      maxRows: 10,
      className: 'mono-field',
      placeholder: '-----BEGIN PGP PUBLIC KEY BLOCK-----',
    }),
    Group(
      { justify: 'flex-end', mt: 'sm' },
      RunButton({ size: 'xs', running: busy, runningLabel: 'Reading…', onClick: save }, 'Save and read'),
    ),
  );
}

/** @param {{repo: any, after: () => void}} props */
function Repo({ repo, after }) {
  const name = text(repo.name || repo.url);
  const [editing, edit] = useState(false);
  const [busy, run] = useBusy(name);
  const trouble = troubleOf(repo);
  const change = (/** @type {boolean} */ enabled) =>
    run(async () => {
      await hub.change(repo.id, { enabled });
      after();
    });
  const refresh = () =>
    run(async () => {
      const now = await hub.refresh(repo.id);
      notify({ title: 'Read', message: `${name}: ${sizeOf(now)}` });
    }).finally(after);
  const remove = async () => {
    const question = {
      title: `Remove ${name}?`,
      message: 'What was installed from it stays, and is no longer updated.',
      confirmLabel: 'Remove',
      color: 'red',
    };
    if (await ask(question)) {
      await run(async () => {
        await hub.remove(repo.id);
        after();
      });
    }
  };
  return h(
    'li',
    { className: 'repo', 'data-repo': text(repo.id) },
    h(
      'div',
      { className: 'repo-head' },
      h(
        'div',
        { className: 'repo-words' },
        h('strong', {}, name),
        h('p', { className: 'dim' }, text(repo.url)),
        h(
          'div',
          { className: 'badges' },
          repo.is_official === true && h(Pill, { tone: 'indigo', icon: 'badge-check' }, 'Official'),
          h(Signature, { verified: repo.signature_verified }),
          h(
            'span',
            { className: 'dim' },
            `${sizeOf(repo)} · ${repo.last_fetched ? `read ${ago(repo.last_fetched)}` : 'not read yet'}`,
          ),
        ),
      ),
      Switch({ checked: repo.enabled === true, onChange: change, 'aria-label': `Use ${name}`, disabled: busy }),
      h(IconButton, {
        label: `Read ${name} again`,
        icon: 'refresh-cw',
        disabled: busy,
        onClick: refresh,
        className: busy ? 'spinning' : '',
      }),
      h(IconButton, {
        label: `Public key of ${name}`,
        icon: 'key-round',
        'aria-expanded': editing,
        onClick: () => edit(!editing),
      }),
      h(IconButton, {
        label: `Remove ${name}`,
        icon: 'trash-2',
        className: 'danger',
        disabled: busy || repo.is_official === true,
        onClick: remove,
      }),
    ),
    trouble && h('p', { className: 'card-warning' }, trouble),
    editing && h(KeyEditor, { repo, done: () => (edit(false), after()) }),
  );
}

/** What lies at an address, before it is added. @param {{found: any}} props */
const Found = ({ found }) =>
  found.valid
    ? h(
      'div',
      { className: 'found-repo', role: 'status' },
      h(Icon, { name: 'library', size: 20 }),
      h(
        'div',
        {},
        h('strong', {}, text(found.registry_name)),
        h('p', { className: 'dim' }, sizeOf(found)),
      ),
      h('span', { className: 'spring' }),
      h(Signature, { verified: found.signature_verified }),
    )
    : h(Problem, {
      title: 'There is no repository at this address',
      message: (Array.isArray(found.errors) ? found.errors : []).map(text).join(' ') || 'It cannot be read.',
    });

/** @param {{after: () => void}} props */
function AddRepo({ after }) {
  const [url, setUrl] = useState('');
  const [key, setKey] = useState('');
  const [found, find] = useState(/** @type {any} */ (undefined));
  const [failed, fail] = useState(/** @type {any} */ (undefined));
  const [busy, setBusy] = useState('');
  const repo = { url: url.trim(), ...(key.trim() ? { public_key: key.trim() } : {}) };
  const isAddress = /^https?:\/\/[^\s/]+/i.test(repo.url);
  const forget = (/** @type {(value: string) => void} */ set) => (/** @type {string} */ value) => {
    set(value);
    find(undefined);
    fail(undefined);
  };
  const doing = (/** @type {string} */ what, /** @type {() => Promise<void>} */ work) => async () => {
    setBusy(what);
    fail(undefined);
    await work().catch(fail);
    setBusy('');
  };
  const look = doing('look', async () => find(await hub.preview(repo)));
  const add = doing('add', async () => {
    const added = await hub.add(repo);
    notify({ title: 'Added', message: `${text(added.name)}: ${sizeOf(added)}` });
    forget(setUrl)('');
    setKey('');
    after();
  });
  return h(
    'form',
    {
      className: 'add-repo',
      'aria-label': 'Add a repository',
      onSubmit: (
        /** @type {Event} */ event,
      ) => (event.preventDefault(), isAddress && !busy && (found?.valid ? add() : look())),
    },
    h('h3', {}, 'Add a repository'),
    TextInput({
      label: 'Address of its manifest',
      value: url,
      onChange: forget(setUrl),
      placeholder: 'https://example.org/plugins/manifest.json',
      error: repo.url && !isAddress ? 'An address begins with http:// or https://.' : undefined,
    }),
    Textarea({
      label: 'Public key',
      description: 'If its keeper gives one: then a list that somebody else changed is noticed.',
      value: key,
      onChange: forget(setKey),
      autosize: true,
      minRows: 2,
      maxRows: 8,
      className: 'mono-field',
      placeholder: '-----BEGIN PGP PUBLIC KEY BLOCK-----',
    }),
    found && h(Found, { found }),
    failed &&
      h(Problem, { title: 'Not added', message: [text(failed.message), remedyOf(failed)].filter(Boolean).join(' ') }),
    Group(
      { justify: 'flex-end', gap: 'sm' },
      RunButton({
        variant: 'default',
        running: busy === 'look',
        runningLabel: 'Looking…',
        disabled: !isAddress || busy !== '',
        onClick: look,
      }, 'Look'),
      RunButton({
        type: 'button',
        running: busy === 'add',
        runningLabel: 'Adding…',
        disabled: !found?.valid || found.signature_verified === false || busy !== '',
        onClick: add,
      }, 'Add'),
    ),
  );
}

/** How often the server reads them by itself. */
function Interval() {
  const source = useApi(paths.settings, 0);
  const now = Number(source.data?.refresh_interval_hours ?? 6);
  const [hours, setHours] = useState(/** @type {any} */ (undefined));
  const [busy, run] = useBusy('Not saved');
  const save = () =>
    run(async () => {
      await hub.every(Math.max(0, Math.round(Number(hours) || 0)));
      setHours(undefined);
      source.refresh();
      notify({
        title: 'Saved',
        message: Number(hours) > 0
          ? `The repositories are read every ${hours} hours.`
          : 'The repositories are read only when you ask.',
      });
    });
  return h(
    'div',
    { className: 'repo-every' },
    NumberInput({
      label: 'Read them every',
      description: 'Hours; 0 for only when you ask',
      value: hours ?? now,
      onChange: setHours,
      min: 0,
      max: 720,
      clampBehavior: 'blur',
      size: 'sm',
    }),
    Button(
      { variant: 'default', loading: busy, disabled: hours === undefined || Number(hours) === now, onClick: save },
      'Save',
    ),
  );
}

/** @param {{opened: boolean, close: () => void, after: () => void}} props */
export function Repos({ opened, close, after }) {
  return Modal(
    { opened, onChange: (/** @type {boolean} */ now) => now || close(), title: 'Repositories', size: 'lg' },
    opened && h(Inside, { after }),
  );
}

/** @param {{after: () => void}} props */
function Inside({ after }) {
  const source = useApi(paths.repos, 0);
  const list = Array.isArray(source.data) ? source.data : source.data?.repos ?? [];
  const changed = () => {
    source.refresh();
    after();
  };
  return Stack(
    { gap: 'lg' },
    pending(source, { empty: !list.length, title: 'No repository yet' }) ?? h(
      'ul',
      { className: 'repos', 'aria-label': 'Repositories' },
      ...list.map((/** @type {any} */ repo) => h(Repo, { key: repo.id, repo, after: changed })),
    ),
    h(Interval),
    h(AddRepo, { after: changed }),
  );
}
