import { number } from '../../core/format.js';
import { IconButton } from '../../ui/atoms.js';
import { h } from '../../ui/kit.js';

const SIZES = [10, 25, 50, 100];

/** @param {{page: {page: number, pages: number, total: number}, onPage: (page: number) => void, size?: number, onSize?: (size: number) => void}} props */
export const Pager = ({ page: { page, pages, total }, onPage, size, onSize }) =>
  h(
    'div',
    { className: 'pager', role: 'group', 'aria-label': 'Pages' },
    h('span', { className: 'dim' }, `${number(total)} rows · page ${page} of ${pages}`),
    onSize && total > SIZES[0] && h(
      'select',
      {
        className: 'column-filter',
        'aria-label': 'Rows on a page',
        value: size,
        onChange: (/** @type {any} */ event) => onSize(Number(event.target.value)),
      },
      ...[...new Set([...SIZES, size ?? SIZES[0]])].sort((a, b) => a - b).map((one) =>
        h('option', { key: one, value: one }, `${one} a page`)
      ),
    ),
    h(IconButton, { label: 'First page', icon: 'chevrons-left', disabled: page <= 1, onClick: () => onPage(1) }),
    h(IconButton, {
      label: 'Previous page',
      icon: 'chevron-left',
      disabled: page <= 1,
      onClick: () => onPage(page - 1),
    }),
    h(IconButton, {
      label: 'Next page',
      icon: 'chevron-right',
      disabled: page >= pages,
      onClick: () => onPage(page + 1),
    }),
    h(IconButton, {
      label: 'Last page',
      icon: 'chevrons-right',
      disabled: page >= pages,
      onClick: () => onPage(pages),
    }),
  );
