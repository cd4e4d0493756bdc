/** `tree`: branches that open, walked with the arrow keys; choosing one may run an action. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { rowsOf } from '../../core/query.js';
import { register } from '../../render/registry.js';
import { useResolved, useResolver, useRuntime } from '../../render/runtime.js';
import { usePageAction } from '../../render/run.js';
import { Heading, pending } from '../../ui/atoms.js';
import { Icon, icon } from '../../ui/icon.js';
import { h, useMemo, useRef, useState } from '../../ui/kit.js';
import { prepared } from '../actions/button.js';
import { keyOf, pick, useItems, useItemWords } from './items.js';

const DEEPEST = 30;
/** Lines drawn at once. */
const MOST = 1000;

/** The lines that can be seen: each with its depth, and whether it can open. @param {any[]} items @param {(key: string) => boolean} isOpen @param {any} node @param {any[]} [out] */
export function linesOf(items, isOpen, node, depth = 1, out = /** @type {any[]} */ ([]), above = '') {
  for (const [index, item] of items.entries()) {
    if (out.length >= MOST) break;
    const key = isObject(item) ? keyOf(item, index, node.idKey ?? node.rowKey) : `${above}/${index}`;
    const id = key.startsWith('#') ? `${above}/${key}` : key;
    const below = depth < DEEPEST && isObject(item) ? rowsOf(item[node.childrenKey ?? 'children']) : [];
    const opened = below.length > 0 && isOpen(id);
    out.push({ id, item, depth, below: below.length, opened });
    if (opened) linesOf(below, isOpen, node, depth + 1, out, id);
  }
  return out;
}

/** @param {{node: any}} props */
function Tree({ node }) {
  const { source, items } = useItems(node, ['items', 'nodes', 'data']);
  const runtime = useRuntime();
  const resolve = useResolver();
  const said = useItemWords();
  const [, , run] = usePageAction();
  const title = text(useResolved(node.title ?? node.label ?? ''));
  const all = node.expanded === true || node.defaultExpanded === true;
  const first = Array.isArray(node.expanded ?? node.defaultExpanded)
    ? (node.expanded ?? node.defaultExpanded).map(text)
    : [];
  const [open, setOpen] = useState(() => new Map(first.map((/** @type {string} */ key) => [key, true])));
  const [at, setAt] = useState('');
  const [chosen, choose] = useState('');
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const lines = useMemo(() => linesOf(items, (key) => open.get(key) ?? all, node), [items, open, all, node]);
  const turn = (/** @type {string} */ key, /** @type {boolean} */ on) =>
    setOpen((/** @type {Map<string, boolean>} */ now) => new Map(now).set(key, on));
  const focus = (/** @type {number} */ index) => {
    const line = lines[Math.min(lines.length - 1, Math.max(0, index))];
    if (!line) return;
    setAt(line.id);
    const items = /** @type {HTMLElement[]} */ ([...(box.current?.querySelectorAll('[role=treeitem]') ?? [])]);
    items[lines.indexOf(line)]?.focus();
  };
  const pickLine = (/** @type {any} */ line) => {
    choose(line.id);
    setAt(line.id);
    const action = node.onSelectAction ?? node.action;
    if (!action) return line.below && turn(line.id, !line.opened);
    const own = isObject(action) ? action : { action, params: node.params ?? {} };
    const filled = resolve(own.params ?? {}, { item: line.item, row: line.item, value: line.item });
    run({
      action: prepared({ ...own, params: undefined }, runtime, resolve),
      params: { id: line.item?.id ?? line.id, ...filled },
    });
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const index = lines.findIndex((line) => line.id === (at || lines[0]?.id));
    const line = lines[index];
    if (!line) return;
    const above = lines.findLastIndex((one, place) => place < index && one.depth < line.depth);
    const inward = () => (!line.below ? undefined : line.opened ? focus(index + 1) : turn(line.id, true));
    const order = /** @type {Record<string, () => void>} */ ({
      ArrowDown: () => focus(index + 1),
      ArrowUp: () => focus(index - 1),
      Home: () => focus(0),
      End: () => focus(lines.length - 1),
      ArrowRight: inward,
      ArrowLeft: () => (line.opened ? turn(line.id, false) : focus(above)),
      Enter: () => pickLine(line),
      ' ': () => pickLine(line),
    })[event.key];
    if (!order) return;
    event.preventDefault();
    order();
  };
  const blank = pending(source, { empty: !lines.length });
  if (blank) return blank;
  return h(
    'div',
    {},
    title && h(Heading, {}, title),
    h(
      'ul',
      { className: 'tree', role: 'tree', 'aria-label': title || 'Tree', ref: box, onKeyDown: key },
      ...lines.map((line, index) =>
        h(
          'li',
          {
            key: line.id,
            role: 'treeitem',
            className: 'branch',
            'aria-level': line.depth,
            'aria-expanded': line.below ? line.opened : undefined,
            'aria-selected': chosen === line.id,
            tabIndex: (at || lines[0].id) === line.id ? 0 : -1,
            style: { paddingLeft: 8 + (line.depth - 1) * 20 },
            onClick: () => pickLine(line),
          },
          h(
            'span',
            {
              className: 'branch-mark',
              'aria-hidden': true,
              onClick: (/** @type {Event} */ event) =>
                line.below && (event.stopPropagation(), turn(line.id, !line.opened)),
            },
            line.below > 0 && h(Icon, { name: line.opened ? 'chevron-down' : 'chevron-right', size: 15 }),
          ),
          icon(line.item?.icon ?? (line.below ? 'folder' : node.icon ?? 'file'), 15),
          h(
            'span',
            {},
            text(
              pick(said, node.template ?? node.labelKey, line.item, ['label', 'title', 'name']) ?? `Line ${index + 1}`,
            ),
          ),
        )
      ),
    ),
  );
}
register('tree', Tree);
