/** One group of the server's settings as a form. */
import { changesOf, faultsOf, groupOf, shownOf } from '../../core/settings.js';
import { valuesOf } from '../../core/values.js';
import { Fields, useForm } from '../../components/inputs/form.js';
import { settings } from '../../net/settings.js';
import { ask } from '../../ui/confirm.js';
import { useStable } from '../../ui/hooks.js';
import { Button, h, useMemo, useState } from '../../ui/kit.js';
import { useUnsentGuard } from '../../ui/leave.js';
import { complain, notify } from '../../ui/notify.js';
import { Panel } from '../parts.js';

/**
 * A group's form, and how it is saved. `sure` is asked with what changes before it is sent.
 * @param {string} name @param {any} given @param {any} known @param {() => void} after @param {(changes: any) => Promise<boolean>} sure
 */
export function useGroup(name, given, known, after, sure) {
  const value = useStable(given);
  const zones = useStable(known?.timezones);
  const group = useMemo(() => /** @type {any} */ (groupOf(name, value, { timezones: zones })), [name, value, zones]);
  const form = useForm(group.fields, valuesOf(group.fields, shownOf(group, value)));
  const [busy, setBusy] = useState(false);
  useUnsentGuard(form.dirty);
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const entered = form.check();
    const changes = entered && changesOf(group, value, entered);
    if (!changes || !Object.keys(changes).length) return;
    setBusy(true);
    try {
      if (await sure(changes)) {
        await settings.change(name, changes);
        notify({ title: 'Saved', message: group.title });
        after();
      }
    } catch (error) {
      const found = faultsOf(String(/** @type {any} */ (error)?.message));
      form.blame(found);
      if (!Object.keys(found).length) complain('Not saved', error);
    }
    setBusy(false);
  };
  return { group, form, busy, save };
}

/** @param {{form: any, busy: boolean}} props */
export const Foot = ({ form, busy }) =>
  h(
    'div',
    { className: 'form-foot' },
    form.dirty && Button({ variant: 'subtle', color: 'gray', onClick: form.reset }, 'Undo'),
    Button(
      { type: 'submit', variant: form.dirty ? 'filled' : 'default', loading: busy, disabled: !form.dirty },
      'Save',
    ),
  );

/** @param {{name: string, value: any, known: any, mayChange: boolean, after: () => void}} props */
export function GroupForm({ name, value, known, mayChange, after }) {
  const sure = async (/** @type {any} */ changes) =>
    changes.m3u_hash_key === undefined || ask({
      title: 'Compute all streams anew?',
      message: group.warning,
      confirmLabel: 'Save and compute',
    });
  const { group, form, busy, save } = useGroup(name, value, known, after, sure);
  return h(
    Panel,
    { title: group.title, icon: group.icon },
    h('p', { className: 'dim panel-about' }, group.about),
    h(
      'form',
      { onSubmit: save, noValidate: true, 'aria-label': group.title },
      h(Fields, { fields: group.fields, form, disabled: !mayChange }),
      mayChange && h(Foot, { form, busy }),
    ),
  );
}
