import { text } from '../../core/format.js';
import { plugins } from '../../net/api.js';
import { load } from '../../net/catalogue.js';
import { IconButton } from '../../ui/atoms.js';
import { ask } from '../../ui/confirm.js';
import { h, useState } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';

/** Deletes a plugin with its files, after asking. @param {{plugin: any}} props */
export function RemoveButton({ plugin }) {
  const [busy, setBusy] = useState(false);
  const name = text(plugin.name || plugin.key);
  const click = async () => {
    const sure = await ask({
      title: `Delete ${name}?`,
      message: plugin.missing
        ? 'Its files are gone already; this removes its entry and its settings.'
        : 'Its files and its settings are removed from the server. This cannot be undone.',
      confirmLabel: 'Delete',
      color: 'red',
    });
    if (!sure) return;
    setBusy(true);
    try {
      await plugins.remove(plugin.key);
      notify({ title: 'Deleted', message: name });
      await load();
    } catch (error) {
      complain(`${name} was not deleted`, error);
    }
    setBusy(false);
  };
  return h(IconButton, {
    label: `Delete ${name}`,
    icon: 'trash-2',
    size: 16,
    className: 'danger',
    disabled: busy,
    onClick: click,
  });
}
