import { number } from '../../core/format.js';
import { IconButton } from '../../ui/atoms.js';
import { h } from '../../ui/kit.js';

/** @param {{page: {page: number, pages: number, total: number}, onPage: (page: number) => void}} props */
export const Pager = ({ page: { page, pages, total }, onPage }) =>
  h(
    'nav',
    { className: 'pager', 'aria-label': 'Pages' },
    h('span', { className: 'dim' }, `${number(total)} rows · page ${page} of ${pages}`),
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
  );
