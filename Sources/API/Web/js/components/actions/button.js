/** Buttons that run actions: `action`, `actionButton`, `buttons`, and the small ones in a table's rows. */
import { safeColor, toneOf } from '../../core/color.js';
import { text, words } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { actionsOf } from '../../core/schema.js';
import { register } from '../../render/registry.js';
import { useResolved, useResolver, useRuntime } from '../../render/runtime.js';
import { useAction } from '../../render/run.js';
import { Icon, icon } from '../../ui/icon.js';
import { Group, h, RunButton } from '../../ui/kit.js';
import { oneOf, size } from '../layout/layout.js';

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
    params: own.params ?? {},
    confirm: own.confirm ?? declared.confirm,
    success_message: own.successMessage ?? own.success_message,
    error_message: own.errorMessage ?? own.error_message,
  });
  return {
    ...declared,
    ...own,
    id,
    action: typeof own.action === 'string' ? own.action : id,
    ...filled,
    label: text(resolve(label)),
  };
}

/** @param {{node: any, after?: () => void}} props */
export function ActionButton({ node, after }) {
  const runtime = useRuntime();
  const resolve = useResolver();
  const label = text(
    useResolved(node.button_label ?? node.buttonLabel ?? node.label ?? words(text(node.action ?? node.id))),
  );
  const [running, , run] = useAction();
  const click = async () =>
    (await run({ plugin: runtime.plugin, action: prepared(node, runtime, resolve) })) && after?.();
  return RunButton({
    ...looks(node),
    leftSection: icon(node.icon, 16),
    running,
    runningLabel: text(node.running_label ?? 'Running…'),
    disabled: !runtime.plugin.enabled || node.disabled === true,
    onClick: click,
  }, label);
}
register(['action', 'actionButton', 'button'], ActionButton);

register(
  ['buttons', 'buttonGroup'],
  ({ node }) =>
    Group(
      { gap: 'sm' },
      ...actionsOf(node.buttons ?? node.actions ?? node.items ?? node.children).map((
        /** @type {any} */ action,
        /** @type {number} */ index,
      ) => h(ActionButton, { key: index, node: action })),
    ),
);

/** Plain and light, for rows. @param {{node: any, after?: () => void}} props */
export function RowAction({ node, after }) {
  const runtime = useRuntime();
  const resolve = useResolver();
  const [running, , run] = useAction();
  const label = text(resolve(node.button_label ?? node.buttonLabel ?? node.label ?? words(node.id)));
  const click = async () =>
    (await run({ plugin: runtime.plugin, action: prepared(node, runtime, resolve) })) && after?.();
  return h(
    'button',
    {
      type: 'button',
      className: `mini-button tone-${toneOf(node.color ?? node.button_color, 'indigo')}`,
      disabled: running || !runtime.plugin.enabled,
      'aria-busy': running,
      onClick: click,
    },
    running
      ? h('span', { className: 'spinner', 'aria-hidden': true })
      : node.icon && h(Icon, { name: node.icon, size: 14 }),
    running && node.running_label ? text(node.running_label) : label,
  );
}
