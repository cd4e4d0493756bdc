/** A plugin's `fields` and `actions`: its settings with Save, and a button per action. */
import { text } from '../../core/format.js';
import { actionsOf, fieldsOf } from '../../core/schema.js';
import { valuesOf } from '../../core/values.js';
import { Fields, useForm } from '../../components/inputs/form.js';
import { Keeper } from '../../components/inputs/keeper.js';
import { looks } from '../../components/actions/button.js';
import { serverHost } from '../../render/host.js';
import { useAction } from '../../render/run.js';
import { Pill } from '../../ui/atoms.js';
import { useEvent, useStable } from '../../ui/hooks.js';
import { Icon } from '../../ui/icon.js';
import { Button, h, RunButton, useMemo, useState } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { byKey, saveSettings } from '../../net/catalogue.js';
import { Bar } from '../parts.js';
import { Link } from '../router.js';

/** More fields than this start folded away. */
const MANY = 6;

/** How far an action is that goes on as a task. @param {{task: import('../../render/host.js').Going}} props */
const Going = ({ task: { id, percent, message } }) =>
  h(
    'div',
    { className: 'going' },
    h(Bar, { percent: percent ?? 0, label: 'Progress' }),
    h('span', { className: 'dim' }, message || 'Waiting for a worker'),
    h(Link, { to: `/tasks/${encodeURIComponent(id)}`, className: 'link' }, 'Its task'),
  );

/** @param {{plugin: any, action: any, before: () => Promise<void>}} props */
function Action({ plugin, action, before }) {
  const [running, outcome, run, task] = useAction();
  const click = () => run({ plugin, action, before });
  const events = Array.isArray(action.events) ? action.events.slice(0, 8) : [];
  return h(
    'li',
    { className: 'action' },
    h(
      'div',
      { className: 'action-words' },
      h('strong', {}, action.label),
      action.description && h('p', { className: 'dim' }, text(action.description)),
      events.length > 0 && h(
        'div',
        { className: 'badges' },
        ...events.map((/** @type {any} */ event) =>
          h(Pill, { key: text(event), tone: 'teal', icon: 'zap' }, text(event))
        ),
      ),
      task && h(Going, { task }),
      outcome?.output && h('p', { className: 'action-output' }, 'Output: ', h('code', {}, outcome.output)),
      outcome?.error && h('p', { className: 'action-error' }, `Error: ${outcome.error}`),
    ),
    RunButton({
      ...looks(action),
      size: 'xs',
      running,
      runningLabel: text(action.running_label ?? 'Running…'),
      disabled: !plugin.enabled,
      onClick: click,
      'aria-label': `${text(action.button_label ?? 'Run')}: ${action.label}`,
    }, text(action.button_label ?? 'Run')),
  );
}

/** @param {{plugin: any, fields: any[], form: any, save: () => Promise<boolean>, unfolded?: boolean}} props */
function Settings({ plugin, fields, form, save, unfolded = false }) {
  const [open, setOpen] = useState(unfolded || (fields.length <= MANY && Boolean(plugin.enabled)));
  const [busy, setBusy] = useState(false);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    if (await save()) notify({ title: 'Saved', message: `${plugin.name} settings updated` });
    setBusy(false);
  };
  const id = `settings-${plugin.key}`;
  return h(
    'section',
    { className: unfolded ? 'plain-section' : 'card-section' },
    !unfolded && h(
      'button',
      {
        type: 'button',
        className: 'section-toggle',
        'aria-expanded': open,
        'aria-controls': id,
        onClick: () => setOpen(!open),
      },
      h(Icon, { name: 'sliders-horizontal', size: 15 }),
      h('span', {}, 'Settings'),
      form.dirty && h(Pill, { tone: 'orange' }, 'Unsaved'),
      h('span', { className: 'spring' }),
      h(Icon, { name: open ? 'chevron-up' : 'chevron-down', size: 16 }),
    ),
    open &&
      h(
        'form',
        { id, onSubmit: submit, noValidate: true, 'aria-label': `Settings of ${plugin.name}` },
        h(Keeper.Provider, { value: serverHost(plugin.key).keep }, h(Fields, { fields, form, columns: true })),
        h(
          'div',
          { className: 'form-foot' },
          form.dirty && Button({ variant: 'subtle', color: 'gray', size: 'xs', onClick: form.reset }, 'Undo'),
          Button({
            type: 'submit',
            size: 'xs',
            variant: form.dirty ? 'filled' : 'default',
            loading: busy,
            disabled: !form.dirty,
          }, 'Save'),
        ),
      ),
  );
}

/** @param {{plugin: any, settingsOnly?: boolean}} props */
export function Legacy({ plugin, settingsOnly = false }) {
  const declared = useStable(plugin.fields);
  const fields = useMemo(() => fieldsOf(declared, true), [declared]);
  const actions = useMemo(() => (settingsOnly ? [] : actionsOf(plugin.actions)), [plugin.actions, settingsOnly]);
  const form = useForm(fields, valuesOf(fields, plugin.settings ?? {}));
  const store = async () => {
    const values = form.check();
    if (!values) throw new Error('Some settings are not valid.');
    await saveSettings(plugin.key, values);
  };
  const save = useEvent(async () => {
    try {
      await store();
      return true;
    } catch (error) {
      complain('Not saved', error);
      return false;
    }
  });
  // What is on screen is what the person expects to run with.
  const before = useEvent(async () => {
    if (form.dirty) await store();
  });
  const current = byKey(plugin.key) ?? plugin;
  const onScreen = { ...current, settings: { ...current.settings, ...form.values } };
  if (!actions.length && !fields.length) return null;
  return h(
    'div',
    { className: 'card-body' },
    actions.length > 0 &&
      h(
        'ul',
        { className: 'actions', 'aria-label': `Actions of ${plugin.name}` },
        ...actions.map((action) => h(Action, { key: action.id, plugin: onScreen, action, before })),
      ),
    fields.length > 0 &&
      h(Settings, { key: String(plugin.enabled), plugin, fields, form, save, unfolded: settingsOnly }),
  );
}
