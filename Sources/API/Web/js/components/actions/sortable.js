/** `sortableList`: items put into another order by mouse, touch or arrow keys; the new order is shown at once and taken back when it fails. */
import { json, text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { actionsOf } from '../../core/schema.js';
import { register } from '../../render/registry.js';
import { usePageAction } from '../../render/run.js';
import { useResolved, useResolver, useRuntime } from '../../render/runtime.js';
import { WithScope } from '../../render/scope.js';
import { Heading, pending } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { h, useEffect, useMemo, useState } from '../../ui/kit.js';
import { SortList } from '../../ui/sortlist.js';
import { keyOf, pick, scopeOf, useItems, useItemWords } from '../data/items.js';
import { prepared, RowAction } from './button.js';

/** @param {{node: any}} props */
function SortableList({ node }) {
  const runtime = useRuntime();
  const resolve = useResolver();
  const said = useItemWords();
  const { source, items } = useItems(node);
  const [, , run] = usePageAction();
  const title = text(useResolved(node.title ?? node.label ?? ''));
  const [order, setOrder] = useState(/** @type {string[] | undefined} */ (undefined));
  const ids = useMemo(() => items.map((item, index) => keyOf(item, index, node.idKey ?? node.rowKey)), [
    items,
    node.idKey,
  ]);
  useEffect(() => setOrder(undefined), [items]);
  const byId = useMemo(() => new Map(items.map((item, index) => [ids[index], item])), [items, ids]);
  const shown = (order ?? ids).filter((id) => byId.has(id));
  const change = async (/** @type {string[]} */ next) => {
    setOrder(next);
    const given = node.action ?? node.onReorderAction;
    if (!given) return;
    const own = isObject(given) ? given : {
      ...node,
      action: given,
      id: text(given),
      items: undefined,
      children: undefined,
      label: node.label ?? 'Reorder',
    };
    // Ids as the plugin gave them, not as text.
    const raw = next.map((id) => {
      const item = byId.get(id);
      return (isObject(item) ? item[node.idKey ?? node.rowKey ?? 'id'] : item) ?? id;
    });
    const done = await run({ action: prepared(own, runtime, resolve), params: { order: raw } });
    if (!done || done.failed) return setOrder(undefined);
    source.refresh();
  };
  const blank = pending(source, { empty: !items.length, title: text(node.emptyText ?? 'Nothing to sort') });
  return h(
    'div',
    {},
    title && h(Heading, {}, title),
    blank ?? h(SortList, {
      label: title || 'Sortable list',
      disabled: !runtime.plugin.enabled,
      items: shown.map((id) => {
        const item = byId.get(id);
        const words = text(
          pick(said, node.template ?? node.labelKey, item, ['label', 'title', 'name']) ??
            (isObject(item) ? json(item) : item),
        );
        const about = pick(said, node.description ?? node.descriptionKey, item, ['description']);
        return {
          id,
          words,
          body: h(
            WithScope,
            { add: scopeOf(item) },
            icon(node.icon ?? item?.icon, 16),
            h(
              'span',
              { className: 'sort-words' },
              h('span', {}, words),
              about !== undefined && h('span', { className: 'dim' }, text(about)),
            ),
            h(
              'span',
              { className: 'row-actions' },
              ...actionsOf(node.actions ?? node.rowActions).map((action, key) =>
                h(RowAction, { key, node: action, after: source.refresh, defaults: { rowId: id } })
              ),
            ),
          ),
        };
      }),
      onOrder: change,
    }),
  );
}
register(['sortableList', 'sortable', 'dragList'], SortableList);
