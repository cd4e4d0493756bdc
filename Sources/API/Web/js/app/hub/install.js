/** Installing what a repository offers: the question with what to know before, the call, what came of it. */
import { bytes, text } from '../../core/format.js';
import { bodyOf, nameOf, remedyOf, warningsOf } from '../../core/hub.js';
import { byKey, load } from '../../net/catalogue.js';
import { hub } from '../../net/hub.js';
import { ask } from '../../ui/confirm.js';
import { h, useState } from '../../ui/kit.js';
import { notify } from '../../ui/notify.js';

/** Says what failed and what helps. @param {string} title @param {any} error */
export const complainOf = (title, error) =>
  notify({ title, message: [text(error?.message ?? error), remedyOf(error)], tone: 'red' });

/** @param {any} offer @param {any} version */
const question = (offer, version) => ({
  title: `${offer.install_status === 'update_available' ? 'Update' : 'Install'} ${nameOf(offer)} ${
    text(version.version)
  }?`,
  confirmLabel: offer.install_status === 'update_available' ? 'Update' : 'Install',
  message: h(
    'div',
    { className: 'question' },
    h(
      'p',
      {},
      h('strong', {}, 'Plugins are code from third parties.'),
      offer.installed
        ? ' If it is enabled, the new version runs as soon as it is here.'
        : ' Nothing of it runs until you enable it.',
    ),
    ...warningsOf(offer, version).map((words, key) => h('p', { key, className: 'warned' }, words)),
    h(
      'p',
      { className: 'dim' },
      [`From “${text(offer.repo_name)}”`, version.size && bytes(Number(version.size))].filter(Boolean).join(', '),
    ),
  ),
});

/** `[installing, install]` of one offer. @param {() => void} after */
export function useInstall(after) {
  const [busy, setBusy] = useState(false);
  const install = async (/** @type {any} */ offer, /** @type {any} */ version) => {
    if (busy || !(await ask(question(offer, version)))) return false;
    setBusy(true);
    try {
      const answer = await hub.install(bodyOf(offer, version));
      await load();
      const plugin = byKey(text(answer.plugin?.key)) ?? answer.plugin ?? {};
      notify({
        title: offer.installed ? 'Updated' : 'Installed',
        message: `${nameOf(offer)} ${text(version.version)}${
          plugin.enabled ? '' : '. It is disabled until you enable it.'
        }`,
      });
      after();
      return true;
    } catch (error) {
      complainOf(`${nameOf(offer)} was not installed`, error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return /** @type {[boolean, typeof install]} */ ([busy, install]);
}
