/** A list in an order that people change: by dragging, or with the handle's arrow keys. */
import { movedTo } from '../core/order.js';
import { Icon } from './icon.js';
import { useEvent } from './hooks.js';
import { h, useEffect, useRef, useState } from './kit.js';
import { loadSortable } from './vendor.js';

/** @param {{label: string, items: {id: string, words: string, body: any}[], disabled?: boolean, onOrder: (ids: string[]) => void}} props */
export function SortList({ label, items, disabled = false, onOrder }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [said, say] = useState('');
  const ids = items.map((one) => one.id);
  const move = useEvent((/** @type {number} */ from, /** @type {number} */ to) => {
    if (to < 0 || to >= ids.length || from === to) return;
    onOrder(movedTo(ids, from, to));
    say(`${items[from].words} is now ${to + 1} of ${ids.length}`);
  });
  useEffect(() => {
    if (disabled) return undefined;
    let made = /** @type {any} */ (undefined);
    let isGone = false;
    loadSortable().then(({ Sortable }) => {
      if (isGone || !box.current) return;
      made = new Sortable(box.current, {
        handle: '.sort-handle',
        animation: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 120,
        ghostClass: 'sort-ghost',
        onEnd: (/** @type {any} */ { from, item, oldIndex, newIndex }) => {
          // Put back: React moves it when the order changes, and does not know of the library's moves.
          from.insertBefore(item, from.children[oldIndex < newIndex ? oldIndex : oldIndex + 1] ?? null);
          move(oldIndex, newIndex);
        },
      });
    }).catch(() => {}); // Without it the arrow keys still sort.
    return () => {
      isGone = true;
      made?.destroy();
    };
  }, [disabled]);
  const key = (/** @type {number} */ index) => (/** @type {KeyboardEvent} */ event) => {
    const to = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: ids.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(index, to);
  };
  return h(
    'div',
    {},
    h('p', { className: 'sr-only', role: 'status' }, said),
    h(
      'ul',
      { className: 'sort-list', 'aria-label': label, ref: box },
      ...items.map((item, index) =>
        h(
          'li',
          { key: item.id, className: 'sort-item' },
          h('button', {
            type: 'button',
            className: 'sort-handle',
            disabled,
            'aria-label': `Move ${item.words}, ${index + 1} of ${items.length}`,
            title: 'Drag, or press the arrow keys',
            onKeyDown: key(index),
          }, h(Icon, { name: 'grip-vertical', size: 16 })),
          item.body,
        )
      ),
    ),
  );
}
