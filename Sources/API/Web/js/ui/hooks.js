import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from './kit.js';

/** @param {{get: () => any, subscribe: (listener: () => void) => () => void}} store */
export const useStore = (store) => useSyncExternalStore(store.subscribe, store.get);

/** The same object for as long as its JSON is the same. @template T @param {T} value @returns {T} */
export function useStable(value) {
  const text = JSON.stringify(value);
  return useMemo(() => value, [text]);
}

/** The time, renewed every `every` milliseconds while `on`. */
export function useNow(every = 1000, on = true) {
  const [now, set] = useState(() => Date.now());
  useEffect(() => {
    if (!on) return undefined;
    set(Date.now());
    const timer = setInterval(() => set(Date.now()), every);
    return () => clearInterval(timer);
  }, [every, on]);
  return now;
}

/** @param {string} query */
export function useMedia(query) {
  const media = useMemo(() => globalThis.matchMedia(query), [query]);
  const subscribe = useCallback((/** @type {() => void} */ listener) => {
    media.addEventListener('change', listener);
    return () => media.removeEventListener('change', listener);
  }, [media]);
  return useSyncExternalStore(subscribe, () => media.matches);
}

/** @param {string} title */
export function useTitle(title) {
  useEffect(() => void (document.title = title ? `${title} · Skirret` : 'Skirret'), [title]);
}

/** A function of stable identity that always runs its latest form. @template {(...a: any[]) => any} F @param {F} fn @returns {F} */
export function useEvent(fn) {
  const latest = useRef(fn);
  latest.current = fn;
  return useCallback(/** @type {any} */ ((/** @type {any[]} */ ...all) => latest.current(...all)), []);
}

/** Whether the page can be seen, for things that need not run when it cannot. */
export const visible = {
  get: () => document.visibilityState !== 'hidden',
  subscribe: (/** @type {() => void} */ listener) => {
    document.addEventListener('visibilitychange', listener);
    return () => document.removeEventListener('visibilitychange', listener);
  },
};

/** Whether it ever came near to what can be seen: `[ref, isSeen]`. @param {number} near pixels */
export function useSeen(near) {
  const [isSeen, set] = useState(false);
  const stop = useRef(/** @type {(() => void) | undefined} */ (undefined));
  const box = useCallback((/** @type {Element | null} */ element) => {
    stop.current?.();
    if (!element) return;
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      set(true);
    }, { rootMargin: `${near}px` });
    watcher.observe(element);
    stop.current = () => watcher.disconnect();
  }, [near]);
  return /** @type {[(element: Element | null) => void, boolean]} */ ([box, isSeen]);
}

/** How many columns of at least `narrowest` pixels fit: `[ref of the box, count]`, 0 before it is measured. @param {number} narrowest @param {number} gap */
export function useColumns(narrowest, gap) {
  const [columns, set] = useState(0);
  const stop = useRef(/** @type {(() => void) | undefined} */ (undefined));
  const box = useCallback((/** @type {Element | null} */ element) => {
    stop.current?.();
    if (!element) return;
    const measure = () => set(Math.max(1, Math.floor((element.clientWidth + gap) / (narrowest + gap))));
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    measure();
    stop.current = () => watcher.disconnect();
  }, [narrowest, gap]);
  return /** @type {[(element: Element | null) => void, number]} */ ([box, columns]);
}
