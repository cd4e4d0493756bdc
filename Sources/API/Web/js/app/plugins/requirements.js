/** What a plugin needs of the package index: that it is missing, how its installation goes, why it failed. */
import { text } from '../../core/format.js';
import { install, installs } from '../../net/installs.js';
import { ask } from '../../ui/confirm.js';
import { useStore } from '../../ui/hooks.js';
import { Icon } from '../../ui/icon.js';
import { Button, h } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { Bar } from '../parts.js';
import { Link } from '../router.js';

/** @param {any} plugin */
async function start(plugin) {
  const name = text(plugin.name || plugin.key);
  const sure = await ask({
    title: `Install what ${name} needs?`,
    message:
      'Its packages are downloaded from the package index into an environment of its own. They are code of third ' +
      'parties, as the plugin is.',
    confirmLabel: 'Install',
  });
  if (!sure) return;
  try {
    await install(plugin.key);
    notify({ title: 'Installed', message: `${name} has its packages.` });
  } catch (error) {
    complain(`The packages of ${name} were not installed`, error);
  }
}

const WORDS = /** @type {Record<string, [string, string]>} */ ({
  missing: ['It needs packages of its own, which are not installed yet.', 'Install packages'],
  failed: ['Its packages could not be installed.', 'Try again'],
  invalid: ['Its requirements.txt cannot be used.', ''],
});

/** @param {{plugin: any}} props */
export function Requirements({ plugin }) {
  const going = useStore(installs)[plugin.key];
  const { state = 'none', error } = plugin.requirements ?? {};
  if (going?.state === 'installing') {
    return h(
      'div',
      { className: 'needs', role: 'status' },
      h('strong', {}, 'Installing its packages'),
      h(Bar, { percent: going.percent, label: 'Installation' }),
      h('span', { className: 'needs-words dim' }, going.message),
      h(Link, { to: `/tasks/${encodeURIComponent(going.task)}`, className: 'link' }, 'Its task'),
    );
  }
  const failed = going?.state === 'failed';
  const [words, button] = WORDS[failed ? 'failed' : state] ?? [];
  if (!words) return null;
  const why = failed ? going.message : text(error);
  return h(
    'div',
    { className: `needs ${state === 'missing' && !failed ? '' : 'bad'}` },
    h(Icon, { name: 'package', size: 18 }),
    h('span', { className: 'needs-words' }, words, why && h('span', { className: 'note-line' }, why)),
    button && Button({
      size: 'xs',
      variant: 'light',
      color: failed || state === 'failed' ? 'red' : 'indigo',
      onClick: () => void start(plugin),
    }, button),
  );
}
