/** Buttons that run actions: `action`, `actionButton`, `buttons`, and the small ones in a table's rows. */
import { safeColor, toneOf } from '../../core/color.js';
import { truthy } from '../../core/condition.js';
import { text, words } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { actionsOf } from '../../core/schema.js';
import { register } from '../../render/registry.js';
import { useResolved, useResolver, useRuntime } from '../../render/runtime.js';
import { usePageAction } from '../../render/run.js';
import { Icon, icon } from '../../ui/icon.js';
import { Group, h, RunButton } from '../../ui/kit.js';
import { oneOf, size } from '../layout/options.js';

const VARIANTS = ['filled', 'outline', 'light', 'subtle', 'default', 'transparent', 'white'];

/** How a button looks, from either generation's keys. @param {any} action */
export const looks = (action) => ({
  variant: oneOf(action.variant ?? action.button_variant, VARIANTS, 'filled'),
  color: safeColor(action.color ?? action.button_color),
  size: size(action.size, 'sm'),
});

/** An action with the plugin's own description of it underneath, its templates filled in. @param {any} node @param {any} runtime @param {(value: any) => any} resolve */
export function prepared(node, runtime, resolve) {
  const id = text(node.action ?? node.id);
  const declared = actionsOf(runtime.plugin.actions).find((action) => action.id === id) ?? {};
  const own = isObject(node.action) ? { ...node, ...node.action } : node;
  const label = text(own.label ?? own.button_label ?? declared.label ?? words(id));
  const filled = resolve({
    params: { ...(isObject(declared.params) ? declared.params : {}), ...(isObject(own.params) ? own.params : {}) },
    confirm: own.confirm ?? declared.confirm,
  });
  return {
    ...declared,
    ...own,
    id,
    action: typeof own.action === 'string' ? own.action : text(own.id ?? id),
    // What is said afterwards may name the result, so it is filled in then.
    success_message: own.successMessage ?? own.success_message ?? declared.success_message ?? declared.successMessage,
    error_message: own.errorMessage ?? own.error_message ?? declared.error_message ?? declared.errorMessage,
    ...filled,
    label: text(resolve(label)),
  };
}

/** How the plugin itself describes the action that a node runs. @param {any} node @param {any} runtime */
const declaredFor = (node, runtime) =>
  actionsOf(runtime.plugin.actions).find((action) =>
    action.id === text(isObject(node.action) ? node.action.id : node.action ?? node.id)
  ) ?? {};

/** @param {{node: any, after?: () => void}} props */
export function ActionButton({ node, after }) {
  const runtime = useRuntime();
  const resolve = useResolver();
  const declared = declaredFor(node, runtime);
  const look = { ...declared, ...node };
  const shown = useResolved({
    label: node.button_label ?? node.buttonLabel ?? node.label ?? declared.button_label ?? declared.label ??
      words(text(node.action ?? node.id)),
    disabled: node.disabled ?? false,
  });
  const [running, , run] = usePageAction();
  // A button that names sources and no action reads them again, nothing more.
  const readsOnly = node.action === undefined && node.id === undefined && node.refresh !== undefined;
  const click = async () => {
    if (readsOnly) return runtime.refresh(node.refresh);
    const done = await run({ action: prepared(node, runtime, resolve) });
    if (done && !done.failed) after?.();
  };
  return RunButton({
    ...looks(look),
    leftSection: icon(node.icon ?? declared.icon, 16),
    running,
    runningLabel: text(look.running_label ?? look.runningLabel ?? 'Running…'),
    disabled: (!runtime.plugin.enabled && !readsOnly) || truthy(shown.disabled),
    fullWidth: node.fullWidth === true,
    onClick: click,
  }, text(shown.label));
}
register(['action', 'actionButton', 'button'], ActionButton);

register(
  ['buttons', 'buttonGroup'],
  ({ node }) =>
    Group(
      {
        gap: size(node.gap, 'sm'),
        justify: oneOf(node.align ?? node.justify, ['flex-start', 'center', 'flex-end', 'space-between'], 'flex-start'),
      },
      ...actionsOf(node.buttons ?? node.actions ?? node.items ?? node.children).map((
        /** @type {any} */ action,
        /** @type {number} */ index,
      ) => h(ActionButton, { key: index, node: { size: node.size, variant: node.variant, ...action } })),
    ),
);

/** Others than light, which is how these are without a word. */
const ROW_VARIANTS = ['filled', 'outline', 'subtle', 'transparent', 'default'];

/** Plain and light, for rows; `defaults` are its parameters when it names none. @param {{node: any, after?: () => void, defaults?: object}} props */
export function RowAction({ node, after, defaults: given }) {
  const defaults = isObject(node.params) ? undefined : given;
  const runtime = useRuntime();
  const resolve = useResolver();
  const [running, , run] = usePageAction();
  const declared = declaredFor(node, runtime);
  const look = { ...declared, ...node };
  const label = text(
    resolve(
      node.button_label ?? node.buttonLabel ?? node.label ?? declared.button_label ?? declared.label ?? words(node.id),
    ),
  );
  const click = async () => {
    const done = await run({ action: prepared(node, runtime, resolve), params: defaults });
    if (done && !done.failed) after?.();
  };
  return h(
    'button',
    {
      type: 'button',
      className: `mini-button ${oneOf(look.variant ?? look.button_variant, ROW_VARIANTS, '')} tone-${
        toneOf(look.color ?? look.button_color, 'indigo')
      }`,
      disabled: running || !runtime.plugin.enabled || truthy(resolve(node.disabled ?? false)),
      'aria-busy': running,
      onClick: click,
    },
    running
      ? h('span', { className: 'spinner', 'aria-hidden': true })
      : look.icon && h(Icon, { name: look.icon, size: 14 }),
    running && (look.running_label ?? look.runningLabel) ? text(look.running_label ?? look.runningLabel) : label,
  );
}
