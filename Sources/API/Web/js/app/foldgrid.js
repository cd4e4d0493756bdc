/** A table of our own whose rows unfold to show more. */
import { IconButton } from '../ui/atoms.js';
import { Fragment, h, useState } from '../ui/kit.js';
import { cellsOf } from './parts.js';

/** @typedef {{key: string, label: string, cells: any[], more: () => any}} Row `label` names the button that unfolds it */

/** @param {{row: Row, heads: string[], lead: number}} props */
function FoldRow({ row, heads, lead }) {
  const [open, setOpen] = useState(false);
  return h(
    Fragment,
    {},
    h(
      'tr',
      { className: open ? 'opened' : undefined },
      h(
        'td',
        { className: 'narrow' },
        h(IconButton, {
          label: row.label,
          icon: open ? 'chevron-down' : 'chevron-right',
          size: 16,
          'aria-expanded': open,
          onClick: () => setOpen(!open),
        }),
      ),
      ...cellsOf(row.cells, heads, lead),
    ),
    open && h('tr', { className: 'below' }, h('td', { colSpan: heads.length + 1 }, row.more())),
  );
}

/** @param {{label: string, heads: string[], rows: Row[], lead?: number}} props */
export const FoldGrid = ({ label, heads, rows, lead = 0 }) =>
  h(
    'div',
    { className: 'table-scroll', tabIndex: 0, role: 'group', 'aria-label': label },
    h(
      'table',
      { className: 'table own' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col', className: 'narrow' }, h('span', { className: 'sr-only' }, 'More')),
          ...heads.map((head, index) =>
            h('th', { key: index, scope: 'col' }, head || h('span', { className: 'sr-only' }, 'Actions'))
          ),
        ),
      ),
      h('tbody', {}, ...rows.map((row) => h(FoldRow, { key: row.key, row, heads, lead }))),
    ),
  );
