/** In which order plugins' pages stand in the sidebar: each browser's own. */
import { fieldsOf, pagesOf } from '../core/schema.js';
import { valuesOf } from '../core/values.js';
import { Store } from '../core/store.js';
import { catalogue } from '../net/catalogue.js';
import { useStore } from '../ui/hooks.js';

const KEY = 'skirret:sidebar-order';

function kept() {
  try {
    const list = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(list) ? list.map(String).slice(0, 500) : [];
  } catch {
    return []; // Storage switched off, or not ours: the order is then the plugins' own.
  }
}

export const order = new Store(kept());

/** @param {string[]} next */
export function arrange(next) {
  order.set(next);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // As above.
  }
}

export const idOf = (/** @type {any} */ page) => `${page.plugin.key}/${page.id}`;

/** Those that were put somewhere, in that order; then the others as they come. @param {any[]} pages @param {string[]} wanted */
export function ordered(pages, wanted) {
  const place = new Map(wanted.map((id, index) => [id, index]));
  const at = (/** @type {any} */ page) => place.get(idOf(page)) ?? Infinity;
  return pages.map((page, index) => ({ page, index })).sort((a, b) => at(a.page) - at(b.page) || a.index - b.index).map(
    ({ page }) => page,
  );
}

/** The switch that every plugin with pages in the sidebar has. @param {any} plugin */
const staysOut = (plugin) => valuesOf(fieldsOf(plugin.fields, true), plugin.settings ?? {}).show_sidebar === false;

/** The pages of enabled plugins that stand in the sidebar, in order. @returns {any[]} */
export function useSidebarPages() {
  const { list } = useStore(catalogue);
  const wanted = useStore(order);
  const pages = list.filter((/** @type {any} */ plugin) => plugin.enabled && !plugin.missing)
    .flatMap((/** @type {any} */ plugin) =>
      staysOut(plugin)
        ? []
        : pagesOf(plugin).filter((page) => page.placement === 'sidebar').map((page) => ({ ...page, plugin }))
    );
  return ordered(pages, wanted);
}
