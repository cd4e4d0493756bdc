/** The pages of one area, as tabs that are links; on a narrow screen the one that is open is moved into view. */
import { Icon } from '../ui/icon.js';
import { h, useEffect, useRef } from '../ui/kit.js';
import { Link } from './router.js';

/** For the element around tabs: moves the open one into view. @param {string} at which one that is */
export function useOpenTab(at) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const open = box.current?.querySelector('[aria-current]');
    if (open && box.current) box.current.scrollLeft = /** @type {HTMLElement} */ (open).offsetLeft - 16;
  }, [at]);
  return box;
}

/** @param {{label: string, tabs: {to: string, label: string, icon: string}[], at: string}} props */
export function PageTabs({ label, tabs, at }) {
  const box = useOpenTab(at);
  return h(
    'nav',
    { className: 'page-tabs', 'aria-label': label, ref: box },
    ...tabs.map((one) =>
      h(
        Link,
        { key: one.to, to: one.to, className: 'page-tab', 'aria-current': one.to === at ? 'page' : undefined },
        h(Icon, { name: one.icon, size: 16 }),
        one.label,
      )
    ),
  );
}
