/** The switch that enables a plugin, and the question before it runs for the first time ever. */
import { ask } from '../../ui/confirm.js';
import { h, Switch, useState } from '../../ui/kit.js';
import { complain } from '../../ui/notify.js';
import { enable } from '../../net/catalogue.js';

/** @param {any} plugin */
const trusted = (plugin) =>
  ask({
    title: `Enable ${plugin.name}?`,
    color: 'red',
    confirmLabel: 'I understand, enable',
    message: h(
      'div',
      {},
      h(
        'p',
        {},
        h('strong', {}, 'Plugins are code from third parties.'),
        ' An enabled plugin runs on the server with access to its data, its network and its files.',
      ),
      h('p', {}, 'Enable it only if you trust its author and know where it came from. You are asked once per plugin.'),
    ),
  });

/** Enables a plugin, with the question when it never ran; false when it stays as it was. @param {any} plugin */
export async function turnOn(plugin) {
  if (!plugin.ever_enabled && !(await trusted(plugin))) return false;
  return turn(plugin, true);
}

/** @param {any} plugin @param {boolean} on */
async function turn(plugin, on) {
  try {
    await enable(plugin.key, on);
    return true;
  } catch (error) {
    complain(`${plugin.name} could not be ${on ? 'enabled' : 'disabled'}`, error);
    return false;
  }
}

/** @param {{plugin: any}} props */
export function Toggle({ plugin }) {
  const [busy, setBusy] = useState(false);
  const change = async (/** @type {boolean} */ on) => {
    if (busy) return;
    setBusy(true);
    await (on ? turnOn(plugin) : turn(plugin, false));
    setBusy(false);
  };
  return Switch({
    checked: Boolean(plugin.enabled),
    onChange: change,
    disabled: Boolean(plugin.missing && !plugin.enabled),
    'aria-busy': busy,
    size: 'md',
    'aria-label': `Enable ${plugin.name}`,
  });
}
