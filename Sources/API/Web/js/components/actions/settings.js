/** `settingsForm`: the plugin's own settings, all of them or those that `fields` names, saved where `run` reads them. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { fieldsOf, flat } from '../../core/schema.js';
import { valuesOf } from '../../core/values.js';
import { register } from '../../render/registry.js';
import { useResolved, useRuntime } from '../../render/runtime.js';
import { Heading, Pill } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { useStable } from '../../ui/hooks.js';
import { Button, Group, h, RunButton, useMemo, useState } from '../../ui/kit.js';
import { useUnsentGuard } from '../../ui/leave.js';
import { complain, notify } from '../../ui/notify.js';
import { Fields, useForm } from '../inputs/form.js';
import { Keeper } from '../inputs/keeper.js';

/** Declared fields by name, and fields that are described on the spot. @param {any[]} declared @param {unknown} wanted */
export function chosen(declared, wanted) {
  if (!Array.isArray(wanted)) return declared;
  const known = new Map(declared.filter(isObject).map((field) => [text(field.id ?? field.name), field]));
  return wanted.flatMap((one) => {
    if (isObject(one)) return [{ ...known.get(text(one.id)), ...one }];
    return known.has(text(one)) ? [known.get(text(one))] : [];
  });
}

/** @param {{node: any}} props */
function SettingsForm({ node }) {
  const { plugin, host } = useRuntime();
  const declared = useStable({ fields: plugin.fields, wanted: node.fields });
  const fields = useMemo(() => fieldsOf(chosen(declared.fields ?? [], declared.wanted), true), [declared]);
  const form = useForm(fields, valuesOf(fields, plugin.settings ?? {}), { settings: plugin.settings });
  const [busy, setBusy] = useState(false);
  const shown = useResolved({ title: node.title ?? node.label ?? 'Settings', about: node.description ?? '' });
  useUnsentGuard((node.unsavedGuard ?? false) === true && form.dirty && !busy);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = form.check();
    if (!values) return;
    setBusy(true);
    try {
      await host.save({ ...plugin.settings, ...values });
      notify({ title: 'Saved', message: text(node.successMessage ?? `${plugin.name} settings updated`) });
    } catch (error) {
      complain('Not saved', error);
    }
    setBusy(false);
  };
  return h(
    'form',
    { className: 'panel', onSubmit: submit, noValidate: true, 'aria-label': text(shown.title) },
    h(
      'header',
      { className: 'panel-head' },
      icon(node.icon ?? 'sliders-horizontal', 18),
      h(Heading, {}, text(shown.title)),
      form.dirty && h(Pill, { tone: 'orange' }, 'Unsaved'),
    ),
    shown.about && h('p', { className: 'dim panel-about' }, text(shown.about)),
    flat(fields).length
      ? h(Keeper.Provider, { value: host.keep }, h(Fields, { fields, form, columns: node.columns !== 1 }))
      : h('p', { className: 'dim' }, 'This plugin has no settings of these names.'),
    Group(
      { justify: 'flex-end', mt: 'md', gap: 'sm' },
      form.dirty && Button({ variant: 'subtle', color: 'gray', onClick: form.reset }, 'Undo'),
      RunButton(
        { type: 'submit', running: busy, runningLabel: 'Saving…', disabled: !form.dirty },
        text(node.submitLabel ?? node.submit_label ?? 'Save'),
      ),
    ),
  );
}
register(['settingsForm', 'settings'], SettingsForm);
