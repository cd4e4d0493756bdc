/** `form`: inputs and a button that runs an action with what was entered. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { actionsOf, fieldsOf, valuesOf } from '../../core/schema.js';
import { register } from '../../render/registry.js';
import { useResolved, useResolver, useRuntime, useSource } from '../../render/runtime.js';
import { useAction } from '../../render/run.js';
import { Heading } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { useStable } from '../../ui/hooks.js';
import { Group, h, RunButton, useMemo } from '../../ui/kit.js';
import { Fields, useForm } from '../inputs/form.js';
import { ActionButton, looks, prepared } from './button.js';

function Form(/** @type {{node: any}} */ { node }) {
  const runtime = useRuntime();
  const source = useSource(node);
  const resolve = useResolver();
  const declared = useStable(node.fields);
  const fields = useMemo(() => fieldsOf(declared), [declared]);
  const initial = useResolved(isObject(node.initialValues) ? node.initialValues : {});
  const form = useForm(fields, valuesOf(fields, initial));
  const [running, , run] = useAction();
  const title = text(useResolved(node.title ?? ''));
  const about = text(useResolved(node.description ?? ''));

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = form.check();
    if (!values) return;
    const action = prepared(
      { ...node, label: node.submitLabel ?? node.title ?? node.label, fields: undefined },
      runtime,
      resolve,
    );
    const done = await run({ plugin: runtime.plugin, action, params: values });
    if (!done || done.failed) return;
    if (node.resetOnSuccess ?? node.reset_on_success) form.reset();
    if (source.known) source.refresh();
  };

  return h(
    'form',
    { className: 'panel', onSubmit: submit, noValidate: true, 'aria-label': title || text(node.submitLabel ?? 'Form') },
    title && h('header', { className: 'panel-head' }, icon(node.icon, 18), h(Heading, {}, title)),
    about && h('p', { className: 'dim panel-about' }, about),
    h(Fields, { fields, form, disabled: !runtime.plugin.enabled }),
    Group(
      { justify: 'flex-end', mt: 'md', gap: 'sm' },
      ...actionsOf(node.actions).map((action, index) =>
        h(ActionButton, { key: index, node: { variant: 'default', ...action } })
      ),
      RunButton({
        ...looks({ ...node, size: 'sm' }),
        type: 'submit',
        running,
        runningLabel: text(node.running_label ?? 'Running…'),
        disabled: !runtime.plugin.enabled,
      }, text(node.submitLabel ?? node.submit_label ?? 'Submit')),
    ),
  );
}
register('form', Form);
