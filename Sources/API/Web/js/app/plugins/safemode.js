/** The server runs no plugin at the moment, as it said when it was asked to. */
import { safeMode } from '../../render/run.js';
import { useStore } from '../../ui/hooks.js';
import { icon } from '../../ui/icon.js';
import { Alert, h } from '../../ui/kit.js';

export function SafeMode() {
  const said = useStore(safeMode);
  if (!said) return null;
  return Alert(
    { color: 'orange', variant: 'light', mb: 'md', icon: icon('shield-alert', 18), title: 'Safe mode' },
    ...said.map((/** @type {string} */ line, /** @type {number} */ key) => h('p', { key }, line)),
  );
}
