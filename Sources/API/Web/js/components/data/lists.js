/** Items below each other: `list`, `timeline`. */
import { toneOf } from '../../core/color.js';
import { ago, datetime, json, text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { Node, Nodes } from '../../render/node.js';
import { register } from '../../render/registry.js';
import { useResolved } from '../../render/runtime.js';
import { WithScope } from '../../render/scope.js';
import { Heading, pending } from '../../ui/atoms.js';
import { Icon, icon } from '../../ui/icon.js';
import { h, Stack } from '../../ui/kit.js';
import { keyOf, pick, scopeOf, useItems, useItemWords } from './items.js';

/** A list of nodes is an arrangement; a list of values, or of a source's rows, is a list. @param {{node: any}} props */
function List({ node }) {
  const { source, items } = useItems(node, ['items', 'data', 'rows']);
  const said = useItemWords();
  const title = text(useResolved(node.title ?? ''));
  const nodes = node.children ??
    (Array.isArray(node.items) && node.items.some((/** @type {any} */ one) => isObject(one) && one.type)
      ? node.items
      : undefined);
  if (nodes) return Stack({ gap: 'sm' }, h(Nodes, { nodes }));
  const blank = pending(source, {
    empty: !items.length,
    title: text(node.emptyText ?? node.emptyMessage ?? 'Nothing here yet'),
  });
  if (blank) return blank;
  return h(
    'div',
    {},
    title && h(Heading, {}, title),
    h(
      node.ordered === true ? 'ol' : 'ul',
      { className: `list ${node.icon ? 'with-icons' : ''}` },
      ...items.map((item, index) =>
        h(
          'li',
          { key: index },
          node.icon && h(Icon, { name: node.icon, size: 15 }),
          isObject(node.itemLayout ?? node.item)
            ? h(WithScope, { add: scopeOf(item, index) }, h(Node, { node: node.itemLayout ?? node.item }))
            : text(
              pick(said, node.template ?? node.labelKey, item, ['label', 'title', 'name', 'text', 'message']) ??
                json(item),
            ),
        )
      ),
    ),
  );
}
register('list', List);

/** @param {{node: any}} props */
function Timeline({ node }) {
  const { source, items } = useItems(node);
  const said = useItemWords();
  const title = text(useResolved(node.title ?? node.label ?? ''));
  const blank = pending(source, { empty: !items.length, title: text(node.emptyText ?? 'Nothing has happened yet') });
  if (blank) return blank;
  return h(
    'div',
    {},
    title && h(Heading, {}, title),
    h(
      'ol',
      { className: 'timeline' },
      ...items.map((item, index) => {
        const at = pick(said, node.timeKey ?? node.time, item, ['time', 'timestamp', 'at', 'date', 'created_at']);
        const body = pick(said, node.descriptionKey ?? node.description, item, [
          'description',
          'text',
          'message',
          'body',
        ]);
        const mark = pick(said, undefined, item, ['icon']);
        return h(
          'li',
          {
            key: keyOf(item, index),
            className: `tone-${toneOf(isObject(item) ? item.color : undefined, toneOf(node.color, 'indigo'))}`,
          },
          h('span', { className: 'timeline-mark', 'aria-hidden': true }, icon(mark ?? node.icon, 13)),
          h(
            'span',
            { className: 'timeline-title' },
            text(pick(said, node.titleKey ?? node.itemTitle, item, ['title', 'label', 'name', 'event']) ?? item),
          ),
          at !== undefined && h('time', { className: 'dim', title: datetime(at) }, ago(at)),
          body !== undefined && h('p', { className: 'dim prose' }, text(body)),
        );
      }),
    ),
  );
}
register('timeline', Timeline);
