/** Items side by side: `cardList`, and `pagination` over them. */
import { filters, text, words } from '../../core/format.js';
import { get, isObject } from '../../core/path.js';
import { pageOf } from '../../core/query.js';
import { actionsOf } from '../../core/schema.js';
import { Nodes } from '../../render/node.js';
import { register } from '../../render/registry.js';
import { useResolved } from '../../render/runtime.js';
import { WithScope } from '../../render/scope.js';
import { Heading, pending, Pill } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { h, useState } from '../../ui/kit.js';
import { RowAction } from '../actions/button.js';
import { pictureOf } from '../content/media.js';
import { whole } from '../layout/options.js';
import { Pager } from '../table/pager.js';
import { keyOf, pick, scopeOf, useItems, useItemWords } from './items.js';

/** @param {{item: any, node: any, index: number, refresh: () => void}} props */
function ItemCard({ item, node, index, refresh }) {
  const said = useItemWords();
  const title = pick(
    said,
    node.itemTitle ?? node.titleKey ?? (node.title?.includes?.('{{') ? node.title : undefined),
    item,
    ['title', 'name', 'label'],
  );
  const about = pick(said, node.description ?? node.descriptionKey, item, ['description', 'subtitle']);
  const { src } = pictureOf(
    pick(said, node.image ?? node.thumbnail ?? node.imageKey, item, ['image', 'thumbnail', 'logo', 'icon_url']),
  );
  const fields = (node.fields ?? node.metadata ?? node.meta ?? []).filter?.(isObject) ?? [];
  const badge = pick(said, node.badge, item, ['badge']);
  return h(
    WithScope,
    { add: scopeOf(item, index) },
    h(
      'article',
      { className: 'item-card' },
      src && h('img', { src, alt: '', loading: 'lazy', className: 'item-picture' }),
      h(
        'div',
        { className: 'item-words' },
        h(
          'p',
          { className: 'item-title' },
          icon(node.icon, 16),
          text(title ?? `Item ${index + 1}`),
          badge && h(Pill, { tone: text(node.badgeColor ?? 'indigo') }, text(badge)),
        ),
        about !== undefined && h('p', { className: 'dim prose' }, text(about)),
        fields.length > 0 && h(
          'dl',
          { className: 'details' },
          ...fields.flatMap((/** @type {any} */ field, /** @type {number} */ at) => {
            const value = field.template !== undefined
              ? said(field.template, item)
              : get(item, field.path ?? field.accessor ?? field.id);
            return [
              h('dt', { key: `t${at}` }, text(field.label ?? words(field.path ?? field.id))),
              h(
                'dd',
                { key: `d${at}` },
                (Object.hasOwn(filters, field.format) ? text(filters[field.format](value)) : text(value)) || '–',
              ),
            ];
          }),
        ),
        node.children && h(Nodes, { nodes: node.children }),
      ),
      actionsOf(node.actions ?? node.rowActions).length > 0 && h(
        'div',
        { className: 'row-actions' },
        ...actionsOf(node.actions ?? node.rowActions).map((action, key) =>
          h(RowAction, { key, node: action, after: refresh })
        ),
      ),
    ),
  );
}

/** @param {{node: any, size?: number}} props */
function Cards({ node, size }) {
  const { source, items } = useItems(node);
  const [at, go] = useState(1);
  const heading = node.heading ?? (node.title?.includes?.('{{') ? undefined : node.title);
  const title = text(useResolved(heading ?? ''));
  const page = pageOf(items, at, size ?? whole(node.pageSize, 24, 1, 100));
  const blank = pending(source, {
    empty: !items.length,
    title: text(node.emptyText ?? node.emptyMessage ?? 'Nothing here yet'),
  });
  return h(
    'section',
    { className: 'card-list', 'aria-label': title || undefined },
    title && h(Heading, {}, title),
    blank ?? h(
      'div',
      { className: 'item-cards', style: { '--cols': whole(node.cols ?? node.columns, 3, 1, 6) } },
      ...page.rows.map((item, index) =>
        h(ItemCard, { key: keyOf(item, index, node.rowKey ?? node.idKey), item, node, index, refresh: source.refresh })
      ),
    ),
    page.pages > 1 && h(Pager, { page, onPage: go }),
  );
}
register(['cardList', 'listCards', 'cards'], ({ node }) => h(Cards, { node }));

/** Pages of items: cards, or any node below it that shows `page.rows`. @param {{node: any}} props */
function Pagination({ node }) {
  const { items } = useItems(node);
  const [at, go] = useState(1);
  const page = pageOf(items, at, whole(node.pageSize, 10, 1, 100));
  if (!node.children) return h(Cards, { node, size: whole(node.pageSize, 10, 1, 100) });
  return h(
    'div',
    {},
    h(WithScope, { add: { page } }, h(Nodes, { nodes: node.children })),
    h(Pager, { page, onPage: go }),
  );
}
register('pagination', Pagination);
