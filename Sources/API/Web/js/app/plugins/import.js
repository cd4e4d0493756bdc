/** Importing a plugin's archive: chosen or dropped anywhere on the page, sent with its progress, enabled when wanted. */
import { bytes, text } from '../../core/format.js';
import { Store } from '../../core/store.js';
import { ApiError, plugins } from '../../net/api.js';
import { byKey, load } from '../../net/catalogue.js';
import { Problem } from '../../ui/atoms.js';
import { ask } from '../../ui/confirm.js';
import { useStore } from '../../ui/hooks.js';
import { Icon, icon } from '../../ui/icon.js';
import { Alert, Button, Group, h, Modal, Stack, useEffect, useState } from '../../ui/kit.js';
import { notify } from '../../ui/notify.js';
import { DropZone } from '../../components/inputs/file.js';
import { turnOn } from './toggle.js';

/** `{open, file, share, error, done}`: one import at a time. */
const state = new Store({ open: false, file: undefined, share: 0, error: undefined, done: undefined });
const change = (/** @type {object} */ next) => state.set((/** @type {any} */ now) => ({ ...now, ...next }));
const CLOSED = { open: false, file: undefined, share: 0, error: undefined, done: undefined };

/** @param {File} file @param {boolean} [overwrite] @returns {Promise<void>} */
export async function importFile(file, overwrite = false) {
  if (!file.name.toLowerCase().endsWith('.zip')) {
    return change({
      open: true,
      file: undefined,
      done: undefined,
      error: new Error(`“${file.name}” is no .zip archive.`),
    });
  }
  change({ open: true, file, share: 0, error: undefined, done: undefined });
  try {
    const answer = await plugins.import(file, overwrite, (share) => change({ share }));
    await load();
    const plugin = answer.plugin ?? {};
    change({ file: undefined, done: byKey(text(plugin.key)) ?? plugin });
    notify({ title: 'Imported', message: text(plugin.name ?? file.name) });
  } catch (error) {
    if (!overwrite && /already exists/i.test(text(/** @type {any} */ (error)?.message))) {
      change(CLOSED);
      const replace = await ask({
        title: 'Replace the installed plugin?',
        message: `${
          text(/** @type {any} */ (error).message)
        }. Its files are replaced by those of “${file.name}”; its settings stay.`,
        confirmLabel: 'Replace',
        color: 'red',
      });
      return replace ? importFile(file, true) : undefined;
    }
    const missing = error instanceof ApiError && [404, 405].includes(error.status);
    change({
      file: undefined,
      error: missing
        ? new Error('This server cannot import archives. Unpack it into the plugins folder and reload.')
        : error,
    });
  }
}

const Sending = (/** @type {{file: File, share: number}} */ { file, share }) =>
  h(
    'div',
    { className: 'sending' },
    h('p', {}, h('strong', {}, file.name), ` · ${bytes(file.size)}`),
    h('div', {
      className: 'track',
      role: 'progressbar',
      'aria-label': 'Upload',
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': Math.round(share * 100),
    }, h('span', { className: 'fill', style: { width: `${share * 100}%` } })),
    h('p', { className: 'dim' }, share < 1 ? 'Uploading…' : 'Uploaded; the archive is being read…'),
  );

/** @param {{plugin: any, close: () => void}} props */
function Done({ plugin, close }) {
  const [busy, setBusy] = useState(false);
  const now = byKey(text(plugin.key)) ?? plugin;
  const enable = async () => {
    setBusy(true);
    if (await turnOn(now)) close();
    setBusy(false);
  };
  return h(
    Stack_,
    {},
    h(
      'div',
      { className: 'imported' },
      h(Icon, { name: 'package-check', size: 26 }),
      h(
        'div',
        {},
        h('strong', {}, text(now.name ?? now.key)),
        h(
          'p',
          { className: 'dim' },
          [now.version && `v${text(now.version)}`, text(now.description)].filter(Boolean).join(' · '),
        ),
      ),
    ),
    ...(Array.isArray(now.warnings) ? now.warnings : []).map((/** @type {any} */ one, /** @type {number} */ key) =>
      h('p', { key, className: 'dim' }, text(one))
    ),
    now.load_error && h(Problem, { title: 'It cannot be loaded', message: text(now.load_error) }),
    Group(
      { justify: 'flex-end', gap: 'sm' },
      Button({ variant: 'default', onClick: close }, 'Done'),
      now.key && !now.enabled && Button({ loading: busy, onClick: enable }, 'Enable now'),
    ),
  );
}
const Stack_ = (/** @type {any} */ { children }) => Stack({ gap: 'md' }, children);

/** The button, the dialog, and the whole page as a place to drop a file. */
export function Importer() {
  const { open, file, share, error, done } = useStore(state);
  const [over, setOver] = useState(false);
  useEffect(() => {
    const carries = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files');
    const drag = (/** @type {DragEvent} */ event) => {
      if (!carries(event) || state.get().file) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (/** @type {DragEvent} */ event) => event.relatedTarget === null && setOver(false);
    const drop = (/** @type {DragEvent} */ event) => {
      setOver(false);
      if (event.defaultPrevented || !carries(event) || state.get().file) return;
      event.preventDefault();
      const [first] = event.dataTransfer?.files ?? [];
      if (first) importFile(first);
    };
    addEventListener('dragover', drag);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', drag);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);
  const close = () => file || change(CLOSED);
  return h(
    'span',
    {},
    Button({ leftSection: icon('upload', 16), onClick: () => change({ ...CLOSED, open: true }) }, 'Import'),
    over && !open &&
      h(
        'div',
        { className: 'drop-cover', 'aria-hidden': true },
        h(Icon, { name: 'package-plus', size: 40 }),
        'Drop the plugin’s .zip to import it',
      ),
    Modal(
      {
        opened: open,
        onChange: (/** @type {boolean} */ now) => now || close(),
        title: 'Import a plugin',
        size: 'lg',
        closeOnClickOutside: !file,
        withCloseButton: !file,
      },
      h(
        Stack_,
        {},
        done ? h(Done, { plugin: done, close: () => change(CLOSED) }) : file ? h(Sending, { file, share }) : [
          Alert({
            key: 'warning',
            color: 'yellow',
            variant: 'light',
            icon: icon('triangle-alert', 18),
            title: 'Plugins are code from third parties',
          }, 'Nothing of it runs until you enable it. Import only what you know the origin of.'),
          error && h(Problem, { key: 'error', title: 'Import failed', message: text(error.message) }),
          h(DropZone, {
            key: 'zone',
            label: 'The plugin’s archive',
            accept: '.zip',
            hint: 'A .zip with plugin.py or a package, at most 200 MB',
            onFiles: ([first]) => void importFile(first),
          }),
        ],
      ),
    ),
  );
}
