/** The plugins as the server last listed them, and the verbs that change them. */
import { Store } from '../core/store.js';
import { plugins as api } from './api.js';

/** `{state: 'loading' | 'ready' | 'failed', list, error, at}` */
export const catalogue = new Store({ state: 'loading', list: [], error: undefined, at: 0 });

// Made once: to make one takes longer than to compare with it.
const order = new Intl.Collator(undefined, { sensitivity: 'base' });
const byName = (/** @type {any} */ a, /** @type {any} */ b) =>
  order.compare(String(a.name ?? a.key), String(b.name ?? b.key));

export async function load() {
  try {
    const list = await api.list();
    catalogue.set({
      state: 'ready',
      list: list.filter((one) => one && typeof one.key === 'string').sort(byName),
      error: undefined,
      at: Date.now(),
    });
  } catch (error) {
    catalogue.set((/** @type {any} */ now) => ({ ...now, state: now.at ? 'ready' : 'failed', error }));
  }
}

/** @param {string} key @param {object} change */
function patch(key, change) {
  catalogue.set((/** @type {any} */ now) => ({
    ...now,
    list: now.list.map((/** @type {any} */ one) => (one.key === key ? { ...one, ...change } : one)),
  }));
}

export const byKey = (/** @type {string} */ key) =>
  catalogue.get().list.find((/** @type {any} */ one) => one.key === key);

/** Enabling can reveal fields, actions and pages, so the whole row is taken from the answer. @param {string} key @param {boolean} enabled */
export async function enable(key, enabled) {
  const answer = await api.enable(key, enabled);
  patch(key, { enabled: answer.enabled, ever_enabled: answer.ever_enabled, ...answer.plugin });
  return byKey(key);
}

/** @param {string} key @param {object} settings */
export async function saveSettings(key, settings) {
  const answer = await api.save(key, settings);
  patch(key, { settings: answer.settings ?? settings });
}

export async function reload() {
  const answer = await api.reload();
  await load();
  return answer;
}
