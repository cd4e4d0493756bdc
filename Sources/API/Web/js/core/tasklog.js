/** The log of a task: what was read of it, continued by what the server tells. */
import { Store } from './store.js';

/** The server keeps no more. */
const KEPT = 1000;
/** How often it is read anew when what was told meanwhile does not fit. */
const TRIES = 3;

/** @typedef {{after?: any, lines?: any[], is_cut?: boolean}} Told as in a `task_report` */

/** @param {any} one @param {any} other */
const same = (one, other) =>
  one?.time === other?.time && one?.message === other?.message && one?.level === other?.level &&
  one?.source === other?.source;

/**
 * A log with what was told: each line once, in its place; the same list when nothing is new.
 * @param {any[]} entries @param {Told} told @returns {any[] | undefined} undefined: lines are missing between the two
 */
export function continued(entries, { after, lines, is_cut }) {
  if (is_cut || !Array.isArray(lines)) return undefined;
  let place = after ? entries.length - 1 : -1;
  while (place >= 0 && !same(entries[place], after)) place -= 1;
  if (after && place < 0) return undefined;
  const fresh = lines.slice(entries.length - 1 - place);
  return fresh.length ? [...entries, ...fresh].slice(-KEPT) : entries;
}

/** What was read, with the entries that are there already: only what is new is drawn. @param {any[]} before @param {any[]} now */
export function renewed(before, now) {
  const from = before.findIndex((one) => same(one, now[0]));
  if (from < 0) return now;
  const entries = now.map((one, index) => (same(before[from + index], one) ? before[from + index] : one));
  return entries.length === before.length && entries.every((one, index) => one === before[index]) ? before : entries;
}

export class TaskLog {
  /** What was told while it is being read. */
  #told = /** @type {Told[] | undefined} */ (undefined);

  /** @param {() => Promise<any>} load answers with all of it, `{logs: […]}` */
  constructor(load) {
    this.entries = new Store(/** @type {any[]} */ ([]));
    /** Reads it; what is told meanwhile comes behind. */
    this.read = async () => {
      for (let turn = 1;; turn += 1) {
        const told = this.#told = /** @type {Told[]} */ ([]);
        try {
          const { logs = [] } = (await load()) ?? {};
          /** @type {any[] | undefined} */
          let entries = renewed(this.entries.get(), logs);
          for (const one of told) entries = entries && continued(entries, one);
          if (entries || turn === TRIES) {
            this.entries.set(entries ?? logs);
            return logs;
          }
        } finally {
          this.#told = undefined;
        }
      }
    };
  }

  /** Takes what was told; false: it does not fit, and the log is to be read. @param {Told} told */
  hear(told) {
    if (this.#told) return void this.#told.push(told) ?? true;
    const entries = continued(this.entries.get(), told);
    if (entries) this.entries.set(entries);
    return entries !== undefined;
  }
}
