/** What can be done with the rows that are chosen. */
import { number } from '../../core/format.js';
import { actionsOf } from '../../core/schema.js';
import { WithScope } from '../../render/scope.js';
import { h, useMemo } from '../../ui/kit.js';
import { RowAction } from '../actions/button.js';

/** @param {{node: any, table: any, after: () => void}} props */
export function Bulk({ node, table, after }) {
  const selection = useMemo(() => ({
    ids: table.selected.map((/** @type {any} */ one) => one.row?.[node.rowKey ?? 'id'] ?? one.key),
    rows: table.selected.map((/** @type {any} */ one) => one.row),
    count: table.selected.length,
  }), [table.selected]);
  const done = () => {
    table.chooseAll(false);
    after();
  };
  return h(
    'div',
    { className: 'bulk', role: 'group', 'aria-label': 'Chosen rows' },
    h('strong', { role: 'status' }, `${number(selection.count)} chosen`),
    h(
      WithScope,
      { add: { selection } },
      h(
        'span',
        { className: 'row-actions' },
        ...actionsOf(node.bulkActions ?? node.bulk_actions).map((action, key) =>
          h(RowAction, { key, node: action, after: done, defaults: { ids: selection.ids, rowIds: selection.ids } })
        ),
      ),
    ),
    h('span', { className: 'spring' }),
    h('button', { type: 'button', className: 'link-button', onClick: () => table.chooseAll(false) }, 'Choose none'),
  );
}
