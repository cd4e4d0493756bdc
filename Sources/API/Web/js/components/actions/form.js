/** `form`: inputs and a button that runs an action with what was entered; with `steps`, one group after the other. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { actionsOf, fieldsOf } from '../../core/schema.js';
import { valuesOf } from '../../core/values.js';
import { register } from '../../render/registry.js';
import { usePageAction } from '../../render/run.js';
import { useResolved, useResolver, useRuntime, useSource } from '../../render/runtime.js';
import { useScope, WithScope } from '../../render/scope.js';
import { Heading } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { useStable } from '../../ui/hooks.js';
import { Button, Group, h, RunButton, useMemo, useState } from '../../ui/kit.js';
import { useUnsentGuard } from '../../ui/leave.js';
import { Fields, useForm } from '../inputs/form.js';
import { ActionButton, looks, prepared } from './button.js';
import { StepList, stepsOf } from './steps.js';

/** How much of the files has left. @param {{share: number}} props */
const Sending = ({ share }) =>
  h(
    'div',
    { className: 'sending' },
    h(
      'span',
      { className: 'dim' },
      share < 1 ? `Sending files, ${Math.round(share * 100)} %` : 'Sent; the plugin is working',
    ),
    h('div', {
      className: 'track size-sm',
      role: 'progressbar',
      'aria-label': 'Upload',
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': Math.round(share * 100),
    }, h('span', { className: 'fill', style: { width: `${share * 100}%` } })),
  );

/** Its fields' first values: what it names, over what lies in its source when that is one record. @param {any} node @param {any[]} fields @param {any} data */
function useInitial(node, fields, data) {
  const initial = useResolved(isObject(node.initialValues) ? node.initialValues : {}, { data });
  return valuesOf(fields, initial);
}

/** @param {{node: any}} props */
function Form({ node }) {
  const runtime = useRuntime();
  const source = useSource(node);
  const resolve = useResolver();
  const scope = { ...runtime.base(), ...useScope() };
  const declared = useStable({ fields: node.fields, steps: node.steps });
  const steps = useMemo(() => stepsOf(declared.steps), [declared]);
  const fields = useMemo(() => steps.length ? steps.flatMap((step) => step.fields) : fieldsOf(declared.fields), [
    declared,
    steps,
  ]);
  const form = useForm(fields, useInitial(node, fields, source.data), scope);
  const [running, , run] = usePageAction();
  const [at, go] = useState(0);
  const [share, setShare] = useState(/** @type {number | undefined} */ (undefined));
  const shown = useResolved({ title: node.title ?? '', about: node.description ?? '' });
  const [title, about] = [text(shown.title), text(shown.about)];
  const last = at >= steps.length - 1;
  useUnsentGuard((node.unsavedGuard ?? node.unsaved_guard) === true && form.dirty && !running);

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (steps.length && !last) return form.isRight(steps[at].fields) && go(at + 1);
    const values = form.check();
    if (!values) {
      const wrong = steps.findIndex((step) => !form.isRight(step.fields));
      if (wrong >= 0) go(wrong);
      return;
    }
    const chosen = form.files() ??
      (['formdata', 'multipart'].includes(text(node.encode).toLowerCase()) ? {} : undefined);
    const own = { ...node, label: node.submitLabel ?? node.title ?? node.label, fields: undefined, steps: undefined };
    const action = prepared(own, runtime, (value) => resolve(value, { values }));
    const done = await run({ action, params: values, files: chosen, progress: setShare });
    setShare(undefined);
    if (!done || done.failed) return;
    if (node.resetOnSuccess ?? node.reset_on_success) {
      form.reset();
      go(0);
    }
    if (source.known) source.refresh();
  };

  return h(
    'form',
    { className: 'panel', onSubmit: submit, noValidate: true, 'aria-label': title || text(node.submitLabel ?? 'Form') },
    title && h('header', { className: 'panel-head' }, icon(node.icon, 18), h(Heading, {}, title)),
    about && h('p', { className: 'dim panel-about' }, about),
    steps.length > 0 && h(StepList, { steps, at, onGo: (index) => index < at && go(index) }),
    steps.length > 0 && steps[at].help && h('p', { className: 'dim panel-about' }, steps[at].help),
    h(Fields, {
      fields: steps.length ? steps[at].fields : fields,
      form,
      disabled: !runtime.plugin.enabled || running,
      columns: node.columns !== 1,
      scope,
    }),
    share !== undefined && form.files() && h(Sending, { share }),
    Group(
      { justify: 'flex-end', mt: 'md', gap: 'sm' },
      h(
        WithScope,
        { add: { values: form.values } },
        ...actionsOf(node.actions).map((action, index) =>
          h(ActionButton, { key: index, node: { variant: 'default', ...action } })
        ),
      ),
      steps.length > 0 && at > 0 && Button({ variant: 'default', onClick: () => go(at - 1) }, 'Back'),
      node.resetLabel &&
        Button({ variant: 'subtle', color: 'gray', onClick: form.reset, disabled: !form.dirty }, text(node.resetLabel)),
      RunButton({
        ...looks({ ...node, size: 'sm' }),
        type: 'submit',
        running,
        runningLabel: text(node.running_label ?? node.runningLabel ?? 'Running…'),
        disabled: !runtime.plugin.enabled,
      }, steps.length && !last ? 'Next' : text(node.submitLabel ?? node.submit_label ?? 'Submit')),
    ),
  );
}
register(['form', 'wizard'], Form);
