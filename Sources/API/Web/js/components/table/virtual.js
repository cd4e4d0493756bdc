/** Which of many rows are in view, so that only those are drawn. */
import { useCallback, useEffect, useRef, useState } from '../../ui/kit.js';

/** Rows drawn above and below those in view. */
const SPARE = 10;
/** Rows scrolled before others are drawn: one redraw for several rows. */
const AT_ONCE = 4;
/** Until a row has been measured. Pixels. */
const GUESS = 41;

/** @param {boolean} on @param {number} count @returns {{box: any, from: number, to: number, above: number, below: number}} */
export function useWindow(on, count) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [at, setAt] = useState({ top: 0, height: 600, row: GUESS });
  const measure = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const drawn = element.querySelector('tbody tr[aria-rowindex]');
    const row = Math.max(20, drawn?.getBoundingClientRect().height || GUESS);
    const step = row * AT_ONCE;
    const next = { top: Math.floor(element.scrollTop / step) * step, height: element.clientHeight || 600, row };
    setAt((
      /** @type {typeof next} */ now,
    ) => (now.top === next.top && now.height === next.height && now.row === next.row ? now : next));
  }, []);
  useEffect(() => {
    const element = box.current;
    if (!on || !element) return undefined;
    measure();
    element.addEventListener('scroll', measure, { passive: true });
    return () => element.removeEventListener('scroll', measure);
  }, [on, measure, count > 0]);
  if (!on) return { box, from: 0, to: count, above: 0, below: 0 };
  const from = Math.min(Math.max(0, count - 1), Math.max(0, Math.floor(at.top / at.row) - SPARE));
  const to = Math.min(count, Math.ceil((at.top + at.height) / at.row) + AT_ONCE + SPARE);
  return { box, from, to, above: from * at.row, below: Math.max(0, count - to) * at.row };
}
