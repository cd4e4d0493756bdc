/** `menu`: a button with actions and links below it. Arrow keys walk them, Escape closes. */
import { toneOf } from '../../core/color.js';
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { actionsOf } from '../../core/schema.js';
import { safeUrl } from '../../core/url.js';
import { register } from '../../render/registry.js';
import { usePageAction } from '../../render/run.js';
import { useResolved, useResolver, useRuntime } from '../../render/runtime.js';
import { icon } from '../../ui/icon.js';
import { Button, h, useEffect, useId, useRef, useState } from '../../ui/kit.js';
import { looks, prepared } from '../actions/button.js';

/** @param {{node: any}} props */
function Menu({ node }) {
  const runtime = useRuntime();
  const resolve = useResolver();
  const [running, , run] = usePageAction();
  const [open, setOpen] = useState(false);
  const id = useId();
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const given = [node.items ?? node.actions ?? []].flat().filter(isObject);
  const items = actionsOf(given.map((one) => ({ ...one, id: one.id ?? one.action ?? one.href ?? one.url })));
  const words = useResolved({
    label: node.label ?? node.title ?? 'More',
    items: items.map((one) => one.button_label ?? one.label),
  });
  const buttons =
    () => /** @type {HTMLElement[]} */ ([...(box.current?.querySelectorAll('[role=menuitem]:not(:disabled)') ?? [])]);
  useEffect(() => {
    if (!open) return undefined;
    buttons()[0]?.focus();
    const away = (/** @type {any} */ event) => box.current?.contains(event.target) || setOpen(false);
    addEventListener('pointerdown', away);
    return () => removeEventListener('pointerdown', away);
  }, [open]);
  const close = () => {
    setOpen(false);
    box.current?.querySelector('button')?.focus();
  };
  const choose = (/** @type {any} */ item) => {
    close();
    const href = safeUrl(resolve(item.href ?? item.url));
    if (!href) return void run({ action: prepared(item, runtime, resolve) });
    window.open(href, new URL(href).origin === location.origin ? '_self' : '_blank', 'noopener');
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (!open) return;
    const list = buttons();
    const at = list.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = {
      ArrowDown: (at + 1) % list.length,
      ArrowUp: (at - 1 + list.length) % list.length,
      Home: 0,
      End: list.length - 1,
    }[event.key];
    if (to !== undefined) list[to]?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') close();
    else return;
    if (event.key !== 'Tab') event.preventDefault();
  };
  return h(
    'span',
    { className: 'menu', ref: box, onKeyDown: key },
    Button({
      ...looks({ variant: 'default', ...node }),
      leftSection: icon(node.icon, 16),
      rightSection: icon('chevron-down', 15),
      loading: running,
      onClick: () => setOpen(!open),
      attributes: { root: { 'aria-haspopup': 'menu', 'aria-expanded': open, 'aria-controls': open ? id : undefined } },
    }, text(words.label)),
    open && h(
      'span',
      { className: 'menu-list', role: 'menu', id, 'aria-label': text(words.label) },
      ...items.map((item, index) =>
        h(
          'button',
          {
            key: index,
            type: 'button',
            role: 'menuitem',
            className: item.color || item.button_color ? `tone-${toneOf(item.color ?? item.button_color)}` : '',
            disabled: !(item.href ?? item.url) && !runtime.plugin.enabled,
            onClick: () => choose(item),
          },
          icon(item.icon, 16),
          text(words.items[index]),
        )
      ),
    ),
  );
}
register(['menu', 'dropdown'], Menu);
