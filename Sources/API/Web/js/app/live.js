/**
 * Lists of tasks, queues, workers, dead letters and schedules: read again when the server says that they changed, and
 * every few seconds only while nobody tells us. Nobody does yet: the server's topic `tasks` compares counts, and these
 * pages show more than that, such as a worker that went quiet.
 */
import { calmly } from '../core/calm.js';
import { Source } from '../core/source.js';
import { Store } from '../core/store.js';
import { poll } from '../net/api.js';
import { connection, onUpdate } from '../net/socket.js';
import { visible } from '../ui/hooks.js';
import { useMemo } from '../ui/kit.js';
import { useSource } from './parts.js';

/** @typedef {'tasks' | 'queues' | 'workers' | 'dead' | 'schedules'} Kind */
const KINDS = /** @type {Kind[]} */ (['tasks', 'queues', 'workers', 'dead', 'schedules']);

/** On a busy fleet changes come four times a second; people read slower. Milliseconds. */
const CALM = 1_000;
/** From one page to the next nobody listens for a moment. Milliseconds. */
const PATIENCE = 5_000;

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
  const lost = () => {
    if (connection.get().state === 'live') return;
    told.set(false);
    counts.set(undefined);
  };
  const stops = [onUpdate(hear), connection.subscribe(lost)];
  return () => {
    stops.forEach((one) => one());
    told.set(false);
    counts.set(undefined);
  };
}

/** Calls back when one of these changed, seldom more than once a second, and only while the page can be seen.
 *  @param {Kind[]} kinds @param {() => void} changed */
export function onChanged(kinds, changed) {
  let missed = false;
  const calm = calmly(() => visible.get() ? changed() : (missed = true), CALM);
  const reader = (/** @type {Kind[]} */ some) => kinds.some((one) => some.includes(one)) && calm.call();
  const seen = visible.subscribe(() => {
    if (!missed || !visible.get()) return;
    missed = false;
    changed();
  });
  readers.add(reader);
  clearTimeout(leaving);
  stop ??= begin();
  return () => {
    readers.delete(reader);
    seen();
    calm.stop();
    if (readers.size) return;
    leaving = setTimeout(() => {
      stop?.();
      stop = undefined;
    }, PATIENCE);
  };
}

/** Polling is for when it can be seen and nobody tells. */
const alone = {
  get: () => visible.get() && !told.get(),
  subscribe: (/** @type {() => void} */ listener) => {
    const stops = [visible.subscribe(listener), told.subscribe(listener)];
    return () => stops.forEach((one) => one());
  },
};

/** What an address answers, again whenever one of these kinds changed.
 *  @param {string | undefined} path @param {Kind[]} kinds @param {number} [seconds] between two looks while nobody tells */
export function useLive(path, kinds, seconds = 3) {
  const source = useMemo(() => {
    const world = {
      plugin: '',
      visible: alone,
      events: (/** @type {(event: any) => void} */ listener) => onChanged(kinds, () => listener({ type: 'changed' })),
      load: () => poll(/** @type {string} */ (path)),
    };
    const spec = { refresh: { interval: seconds }, subscribe: { event: 'changed' } };
    return new Source(path === undefined ? { type: 'static' } : spec, world);
  }, [path, kinds.join(' '), seconds]);
  return useSource(source, path !== undefined);
}
