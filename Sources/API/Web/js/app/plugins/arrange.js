/** The dialog that puts plugins' pages in the sidebar in order. */
import { text } from '../../core/format.js';
import { Icon, icon } from '../../ui/icon.js';
import { Button, h, Modal, useState } from '../../ui/kit.js';
import { later } from '../later.js';
import { arrange, idOf, useSidebarPages } from '../order.js';

const SortList = later(() => import('../../ui/sortlist.js'), 'SortList');

/** Offered as soon as there is something to put in order. */
export function ArrangeButton() {
  const pages = useSidebarPages();
  const [opened, setOpened] = useState(false);
  if (pages.length < 2) return null;
  return h(
    'span',
    {},
    Button({ variant: 'default', leftSection: icon('arrow-up-down', 16), onClick: () => setOpened(true) }, 'Arrange'),
    Modal(
      { opened, onChange: setOpened, title: 'Order in the sidebar', size: 'md' },
      h(
        'p',
        { className: 'dim panel-about-flat' },
        'Drag, or choose a handle and press the arrow keys. This browser remembers it.',
      ),
      h(SortList, {
        label: 'Pages in the sidebar',
        items: pages.map((page) => ({
          id: idOf(page),
          words: page.label,
          body: h(
            'span',
            { className: 'sort-words' },
            h('span', {}, h(Icon, { name: page.icon ?? 'layout-dashboard', size: 15 }), ' ', page.label),
            h('span', { className: 'dim' }, text(page.plugin.name)),
          ),
        })),
        onOrder: arrange,
      }),
    ),
  );
}
