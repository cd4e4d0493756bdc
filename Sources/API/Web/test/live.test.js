import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff } from '../js/core/backoff.js';
import { entriesOf, lineOf } from '../js/core/log.js';
import { progressOf } from '../js/core/progress.js';
import { thin } from '../js/core/series.js';
import { extract, Source } from '../js/core/source.js';

/** @param {(spec: any) => Promise<any>} load */
function world(load) {
  const heard = new Set();
  return {
    plugin: 'mine',
    load,
    visible: { get: () => true, subscribe: () => () => {} },
    events: (/** @type {any} */ listener) => (heard.add(listener), () => heard.delete(listener)),
    emit: (/** @type {any} */ event) => heard.forEach((/** @type {any} */ listener) => listener(event)),
    heard,
  };
}
/** Resolves when the source reaches a state. @param {Source} source @param {(state: any) => boolean} when */
const until = (source, when) =>
  new Promise((resolve) => {
    const stop = source.subscribe(() => when(source.state) && (resolve(source.state), queueMicrotask(() => stop())));
  });

test('a source loads with its first listener and lets go with its last', async () => {
  let loads = 0;
  const here = world(async () => ({ payload: { items: [++loads] } }));
  const source = new Source({ extract: 'payload.items', subscribe: { filter: { event: 'x' } } }, here);
  assert.equal(loads, 0);
  const state = await until(source, ({ loading, data }) => !loading && data);
  assert.deepEqual(/** @type {any} */ (state).data, [1]);
  await Promise.resolve();
  assert.equal(here.heard.size, 0);
  assert.equal(source.active, false);
});

test('a burst of events is one change', async () => {
  const here = world(async () => []);
  const source = new Source({ refresh: { lazy: true }, subscribe: { mode: 'append', limit: 3 } }, here);
  const changed = until(source, ({ data }) => data?.length === 3);
  for (let i = 0; i < 50; i++) here.emit({ type: 'plugin_event', plugin: 'mine', payload: i });
  const before = source.version;
  assert.deepEqual(/** @type {any} */ (await changed).data, [47, 48, 49]);
  assert.equal(source.version, before + 1);
});

test('an error keeps the data that was there', async () => {
  let broken = false;
  const here = world(async () => {
    if (broken) throw new Error('gone');
    return 5;
  });
  const source = new Source({}, here);
  const stop = source.subscribe(() => {});
  await until(source, ({ loading, data }) => !loading && data === 5);
  broken = true;
  await source.refresh();
  assert.equal(source.state.data, 5);
  assert.equal(source.state.error?.message, 'gone');
  stop();
});

test('static data needs no world; pick keeps only the named keys', () => {
  assert.deepEqual(new Source({ type: 'static', data: { a: 1 } }, /** @type {any} */ ({})).state.data, { a: 1 });
  assert.deepEqual(extract({ pick: ['a'] }, [{ a: 1, b: 2 }]), [{ a: 1 }]);
});

test('waiting grows to half a minute and is never the same for all', () => {
  assert.equal(backoff(0, () => 0), 250);
  assert.equal(backoff(0, () => 1), 500);
  assert.equal(backoff(3, () => 1), 4000);
  assert.equal(backoff(500, () => 1), 30_000);
});

test('refresh progress is one toast per source, until its last step is done', () => {
  const at = (/** @type {any} */ more) => progressOf({ type: 'm3u_refresh', account: 3, ...more });
  assert.equal(at({ action: 'downloading', progress: 100 })?.done, false);
  assert.equal(at({ action: 'parsing', progress: 40 })?.id, 'm3u_refresh:3');
  const end = at({ action: 'parsing', progress: 100, status: 'success', streams_created: 20000 });
  assert.deepEqual([end?.done, end?.tone, end?.message], [true, 'teal', '20,000 new']);
  assert.equal(at({ action: 'parsing', progress: 10, error: 'refused' })?.tone, 'red');
  assert.equal(progressOf({ type: 'plugin_event' }), undefined);
  assert.equal(progressOf(undefined), undefined);
});

test('log lines lose terminal orders and keep their level', () => {
  assert.deepEqual(lineOf('\u001b[31mERROR\u001b[0m disk\u0007 full'), {
    at: undefined,
    level: 'error',
    words: 'ERROR disk full',
  });
  assert.equal(lineOf({ level: 'WARN', message: 'x', timestamp: 1_700_000_000 }).level, 'warning');
  assert.equal(lineOf({ odd: 1 }).words, '{"odd":1}');
  assert.deepEqual(entriesOf('a\nb'), ['a', 'b']);
  assert.deepEqual(entriesOf(null), []);
});

test('thinned series keep both ends', () => {
  const many = Array.from({ length: 5000 }, (_, i) => i);
  const few = thin(many, 1000);
  assert.deepEqual([few.length, few[0], few.at(-1)], [1000, 0, 4999]);
  assert.deepEqual(thin([1, 2], 10), [1, 2]);
});
