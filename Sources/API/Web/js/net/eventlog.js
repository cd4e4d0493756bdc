/** Every message of the live connection since the page was opened, the newest 500 of them. */
import { entryOf } from '../core/events.js';
import { Store } from '../core/store.js';
import { onEnvelope } from './socket.js';

const KEPT = 500;
/** Redrawing ten times a second is enough for any reader. */
const FOLD_EVERY = 100;

export const log = new Store(/** @type {any[]} */ ([]));

let next = 1;
let queue = /** @type {any[]} */ ([]);
let timer = /** @type {any} */ (undefined);

function drain() {
  timer = undefined;
  const added = queue;
  queue = [];
  log.set((/** @type {any[]} */ now) => [...now, ...added].slice(-KEPT));
}

export function startEventLog() {
  return onEnvelope((envelope) => {
    queue.push(entryOf(envelope, next++, Date.now()));
    if (queue.length > KEPT) queue = queue.slice(-KEPT);
    timer ??= setTimeout(drain, FOLD_EVERY);
  });
}

export const clear = () => log.set([]);
