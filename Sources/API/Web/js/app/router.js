/** Addresses of pages, and links that change them without loading anew. */
import { Store } from '../core/store.js';
import { h } from '../ui/kit.js';
import { mayLeave } from '../ui/leave.js';

export const path = new Store(location.pathname);
/** What follows the question mark. */
export const search = new Store(location.search);

/** @param {string} to a path, perhaps with a search @param {{replace?: boolean}} [how] */
export async function go(to, how) {
  if (to === location.pathname + location.search || !(await mayLeave())) return;
  history[how?.replace ? 'replaceState' : 'pushState'](null, '', to);
  const isElsewhere = path.get() !== location.pathname;
  path.set(location.pathname);
  search.set(location.search);
  if (!isElsewhere) return;
  scrollTo(0, 0);
  document.getElementById('main')?.focus({ preventScroll: true });
}

globalThis.addEventListener('popstate', () => {
  path.set(location.pathname);
  search.set(location.search);
});

const parts = (/** @type {string} */ at) =>
  at.replace(/\/+$/, '').split('/').slice(1).map((one) => {
    try {
      return decodeURIComponent(one);
    } catch {
      return one;
    }
  });

/** Which page an address names. Custom routes of plugins' pages are looked up by the app. @param {string} at */
export function match(at) {
  const [first = '', second, third, ...more] = parts(at);
  if (first === '' || more.length) return { page: first === '' ? 'home' : 'custom' };
  if (first === 'plugins' && second === 'browse' && !third) return { page: 'browse' };
  if (first === 'plugins') return second ? { page: 'plugin', key: second, sub: third } : { page: 'plugins' };
  if (first === 'settings' && !third) return { page: 'settings', key: second };
  if (first === 'tasks') return { page: 'tasks', key: second, sub: third };
  if (['events', 'playground', 'sources', 'users'].includes(first) && !second) return { page: first };
  return { page: 'custom' };
}

/** @param {any} props */
export function Link({ to, children, onClick, ...props }) {
  const click = (/** @type {MouseEvent} */ event) => {
    onClick?.(event);
    if (
      event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey
    ) return;
    event.preventDefault();
    go(to);
  };
  return h('a', { href: to, onClick: click, ...props }, children);
}
