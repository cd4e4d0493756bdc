/** What every running refresh said last, whichever page is open: `{'m3u_refresh:3': {percent, step, pace, …}}`. */
import { progressOf } from '../core/progress.js';
import { Store } from '../core/store.js';
import { onRecovered, onUpdate } from './socket.js';

export const refreshes = new Store(/** @type {Record<string, any>} */ ({}));

const ended = new Set();
/** A refresh is over, well or badly. @param {(id: string) => void} listener */
export function onRefreshed(listener) {
  ended.add(listener);
  return () => void ended.delete(listener);
}

/** @param {string} id @param {any} [said] nothing: it is over, or forgotten */
export const note = (id, said) =>
  refreshes.set((/** @type {any} */ { [id]: _, ...others }) => (said ? { ...others, [id]: said } : others));

export function startRefreshes() {
  onUpdate((data) => {
    const said = progressOf(data);
    if (!said) return;
    note(said.id, said.done ? undefined : said);
    if (said.done) { for (const listener of [...ended]) listener(said.id); }
  });
  // One of them may have ended unheard.
  onRecovered(() => refreshes.set({}));
}
