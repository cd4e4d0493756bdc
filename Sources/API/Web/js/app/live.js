/**
 * Lists of tasks, queues, workers, dead letters and schedules: read again when the server's topic `tasks` says that they
 * changed, at once after what this page did to them, and every few seconds only while nobody tells us.
 */
import { calmly } from '../core/calm.js';
import { Source } from '../core/source.js';
import { Store } from '../core/store.js';
import { poll } from '../net/api.js';
import { auth } from '../net/auth.js';
import { connection, onTopic } from '../net/socket.js';
import { onDone } from '../net/tasks.js';
import { visible } from '../ui/hooks.js';
import { useMemo } from '../ui/kit.js';
import { useSource } from './parts.js';

/** @typedef {'tasks' | 'queues' | 'workers' | 'dead' | 'schedules'} Kind */
const KINDS = /** @type {Kind[]} */ (['tasks', 'queues', 'workers', 'dead', 'schedules']);

/** On a busy fleet changes come four times a second; people read slower. Milliseconds. */
const CALM = 1_000;
/** From one page to the next nobody listens for a moment. Milliseconds. */
const PATIENCE = 5_000;
/**
 * How old a list may become without a word. The server compares numbers four times a second; what leaves them as they are
 * is told to nobody: how long a rate limit still holds a task back, a message's new place in its queue, what another
 * program wrote into Redis and took back between two looks. Milliseconds.
 */
const LOOK = 20_000;
/** Whose level the server grants the topic to. */
export const ADMINISTRATOR = 10;

/** Whether the server tells us of changes. */
const told = new Store(false);
/** What it last counted: `{waiting, running, scheduled, parked, dead, workers, states}`; undefined until it did. */
export const counts = new Store(/** @type {any} */ (undefined));

const readers = /** @type {Set<(changed: Kind[]) => void>} */ (new Set());
let stop = /** @type {(() => void) | undefined} */ (undefined);
let leaving = /** @type {any} */ (undefined);

/** @param {Kind[]} changed */
const tell = (changed) => {
  for (const reader of [...readers]) reader(changed);
};

function begin() {
  /** @param {any} data */
  const hear = (data) => {
    if (data.type !== 'tasks_changed') return;
    told.set(true);
    counts.set(data.counts);
    tell(Array.isArray(data.changed) ? data.changed : KINDS);
  };
  // What was told before then was missed.
  const ready = () => {
    told.set(true);
    tell(KINDS);
  };
  const lost = () => {
    if (connection.get().state === 'live') return;
    told.set(false);
    counts.set(undefined);
  };
  // Others are refused, and with this topic all that they ask for in the same breath.
  const isGranted = Number(auth.get().user?.level ?? 0) >= ADMINISTRATOR;
  const stops = [connection.subscribe(lost), onDone(tell), ...(isGranted ? [onTopic('tasks', hear, ready)] : [])];
  return () => {
    stops.forEach((one) => one());
    told.set(false);
    counts.set(undefined);
  };
}

/** Calls back when one of these changed, seldom more than once a second, and only while the page can be seen; and when
 *  nobody has said so for long. @param {Kind[]} kinds @param {() => void} changed @param {number} [pause] milliseconds */
export function onChanged(kinds, changed, pause = CALM) {
  let missed = false;
  let clock = /** @type {any} */ (undefined);
  const read = () => {
    clearTimeout(clock);
    clock = setTimeout(calm.call, LOOK);
    missed = !visible.get();
    if (!missed) changed();
  };
  const calm = calmly(read, pause);
  const reader = (/** @type {Kind[]} */ some) => kinds.some((one) => some.includes(one)) && calm.call();
  const seen = visible.subscribe(() => missed && visible.get() && read());
  readers.add(reader);
  clock = setTimeout(calm.call, LOOK);
  clearTimeout(leaving);
  stop ??= begin();
  return () => {
    readers.delete(reader);
    seen();
    clearTimeout(clock);
    calm.stop();
    if (readers.size) return;
    leaving = setTimeout(() => {
      stop?.();
      stop = undefined;
    }, PATIENCE);
  };
}

/** Polling is for when it can be seen and nobody tells; not of a server that will not have us. */
const alone = {
  get: () => visible.get() && !told.get() && !connection.get().why,
  subscribe: (/** @type {() => void} */ listener) => {
    const stops = [visible.subscribe(listener), told.subscribe(listener), connection.subscribe(listener)];
    return () => stops.forEach((one) => one());
  },
};

/** What an address answers, again whenever one of these kinds changed.
 *  @param {string | undefined} path @param {Kind[]} kinds @param {number} [seconds] between two looks while nobody tells
 *  @param {() => Promise<any>} [load] who asks otherwise than by reading the address
 *  @param {number} [calm] milliseconds between two looks at what changes often */
export function useLive(path, kinds, seconds = 3, load = undefined, calm = CALM) {
  const source = useMemo(() => {
    const world = {
      plugin: '',
      visible: alone,
      events: (/** @type {(event: any) => void} */ listener) => onChanged(kinds, () => listener({ type: 'changed' }), calm),
      load: load ?? (() => poll(/** @type {string} */ (path))),
    };
    const spec = { refresh: { interval: seconds }, subscribe: { event: 'changed' } };
    return new Source(path === undefined ? { type: 'static' } : spec, world);
  }, [path, kinds.join(' '), seconds, load]);
  return useSource(source, path !== undefined);
}
