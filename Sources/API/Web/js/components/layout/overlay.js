/** What lies above the page until it is closed: `modal`, `drawer`, `hoverCard`. */
import { text } from '../../core/format.js';
import { register } from '../../render/registry.js';
import { useResolved } from '../../render/runtime.js';
import { Level } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { Button, Drawer, Fragment, h, Modal, Stack, useEffect, useRef, useState } from '../../ui/kit.js';
import { looks } from '../actions/button.js';
import { childrenOf } from './layout.js';
import { oneOf, pixels, size } from './options.js';

/** A button that opens, and what it opens. @param {{node: any, shell: (props: any, ...children: any[]) => any, more: object}} props */
function Overlay({ node, shell, more }) {
  const [opened, setOpened] = useState(node.defaultOpened === true || node.opened === true);
  const shown = useResolved({
    label: node.label ?? node.buttonLabel ?? node.button_label ?? node.title,
    title: node.title ?? node.label,
  });
  return h(
    Fragment,
    {},
    h(
      'span',
      {},
      Button({
        ...looks({ variant: 'default', ...node, size: undefined }),
        leftSection: icon(node.icon, 16),
        onClick: () => setOpened(true),
        'aria-haspopup': 'dialog',
      }, text(shown.label || 'Open')),
    ),
    shell(
      { opened, onChange: setOpened, title: text(shown.title), ...more },
      h(Level.Provider, { value: 3 }, Stack({ gap: 'md' }, childrenOf(node))),
    ),
  );
}
const SIDES = ['left', 'right', 'top', 'bottom'];
register(
  ['modal', 'dialog'],
  ({ node }) =>
    h(Overlay, {
      node,
      shell: Modal,
      more: { size: size(node.size, 'lg'), centered: true, fullScreen: node.fullScreen === true },
    }),
);
register(
  'drawer',
  ({ node }) =>
    h(Overlay, {
      node,
      shell: Drawer,
      more: { size: size(node.size, 'md'), position: oneOf(node.position, SIDES, 'right') },
    }),
);

/** Opens by pointing, by focus and by a tap; Escape closes it. @param {{node: any}} props */
function HoverCard({ node }) {
  const [open, setOpen] = useState(false);
  const timer = useRef(/** @type {any} */ (undefined));
  const words = text(useResolved(node.label ?? node.title ?? node.text ?? 'More'));
  const turn = (/** @type {boolean} */ now, wait = 120) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setOpen(now), wait);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return h(
    'span',
    {
      className: 'hover-card',
      onMouseEnter: () => turn(true),
      onMouseLeave: () => turn(false, 200),
      onFocus: () => turn(true, 0),
      onBlur: (/** @type {any} */ event) => event.currentTarget.contains(event.relatedTarget) || turn(false, 0),
      onKeyDown: (/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && turn(false, 0),
    },
    h(
      'button',
      { type: 'button', className: 'hover-target', 'aria-expanded': open, onClick: () => turn(true, 0) },
      icon(node.icon, 15),
      words,
    ),
    open &&
      h(
        'span',
        { className: 'hover-body', role: 'group', style: { width: pixels(node.width, 280, 120, 480) } },
        childrenOf(node),
      ),
  );
}
register(['hoverCard', 'popover', 'tooltip'], HoverCard);
