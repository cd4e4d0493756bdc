import assert from 'node:assert/strict';
import test from 'node:test';
import { extract, intervalOf, isLazy, overridden, Source } from '../js/core/source.js';

/** @param {any} more */
const world = (more = {}) => ({
  plugin: 'mine',
  visible: { get: () => true, subscribe: () => () => {} },
  events: (/** @type {any} */ listener) => {
    more.heard = listener;
    return () => {};
  },
  load: async () => 1,
  ...more,
});

test('pick keeps keys of rows and of one record', () => {
  assert.deepEqual(extract({ pick: ['a'] }, [{ a: 1, b: 2 }, 7]), [{ a: 1 }, 7]);
  assert.deepEqual(extract({ path: 'x', pick: ['a', 'constructor'] }, { x: { a: 1, b: 2 } }), { a: 1 });
});

test('the interval is seconds, not faster than one, or none', () => {
  assert.equal(intervalOf({ refresh: { interval: 5 } }), 5);
  assert.equal(intervalOf({ refresh: 0.01 }), 1);
  for (const refresh of [undefined, null, {}, { interval: 'often' }, { interval: -1 }, true && 'x']) {
    assert.equal(intervalOf({ refresh }), 0);
  }
  assert.equal(isLazy({ refresh: { lazy: true } }), true);
  assert.equal(isLazy({ lazy: true }), true);
  assert.equal(isLazy({}), false);
});

test('a static source hears events all the same', async () => {
  const here = /** @type {any} */ ({});
  const source = new Source({ type: 'static', value: { a: 1 }, subscribe: { mode: 'patch' } }, world(here));
  await new Promise((resolve) => {
    source.subscribe(() => resolve(undefined));
    here.heard?.({ type: 'plugin_event', plugin: 'mine', payload: { b: 2 } });
  });
  assert.deepEqual(source.state.data, { a: 1, b: 2 });
});

test('lines are appended to the list that an answer wrapped', async () => {
  const here = /** @type {any} */ ({ load: async () => ({ status: 'ok', lines: ['one'] }) });
  const source = new Source({ subscribe: { mode: 'append', path: 'payload.lines' } }, world(here));
  const next = () => new Promise((resolve) => (done = resolve));
  let done = /** @type {any} */ (() => {});
  source.subscribe(() => source.state.loading || done());
  await next();
  const later = next();
  here.heard({ type: 'plugin_event', plugin: 'mine', payload: { lines: ['two'] } });
  await later;
  assert.deepEqual(source.state.data, ['one', 'two']);
});

test('what its parameters name changes: it is read again', async () => {
  let loads = 0;
  let changed = () => {};
  const here = world({
    load: async () => ++loads,
    depends: (/** @type {any} */ _, /** @type {any} */ call) => ((changed = call), () => {}),
  });
  const source = new Source({ params: { a: '{{ rows }}' } }, here);
  let done = /** @type {any} */ (() => {});
  const next = () => new Promise((resolve) => (done = resolve));
  source.subscribe(() => source.state.loading || done());
  await next();
  assert.equal(loads, 1);
  const later = next();
  changed();
  await later;
  assert.equal(source.state.data, 2);
});

test('a page that is seen again after a while is read at once, and polls say nothing while they go on', async (t) => {
  let now = 1_000_000;
  let due = () => {};
  const real = { setInterval, clearInterval, now: Date.now };
  globalThis.setInterval = /** @type {any} */ ((/** @type {() => void} */ call) => ((due = call), 1));
  globalThis.clearInterval = /** @type {any} */ (() => (due = () => {}));
  Date.now = () => now;
  t.after(() => {
    Object.assign(globalThis, { setInterval: real.setInterval, clearInterval: real.clearInterval });
    Date.now = real.now;
  });
  let loads = 0;
  let isVisible = true;
  let seen = () => {};
  const here = world({
    load: async () => ++loads,
    visible: { get: () => isVisible, subscribe: (/** @type {any} */ call) => ((seen = call), () => {}) },
  });
  const source = new Source({ refresh: { interval: 5 } }, here);
  const settle = async () => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  const loading = /** @type {boolean[]} */ ([]);
  const stop = source.subscribe(() => loading.push(source.state.loading));
  await settle();
  assert.deepEqual([loads, loading], [1, [true, false]]);
  now += 5000;
  due();
  await settle();
  assert.deepEqual([loads, loading], [2, [true, false, false]]);
  isVisible = false;
  seen();
  now += 60_000;
  due();
  await settle();
  assert.equal(loads, 2);
  isVisible = true;
  seen();
  await settle();
  assert.equal(loads, 3);
  stop();
});

test('a component changes what it names of a source and keeps the rest', () => {
  const declared = {
    action: 'list',
    params: { a: 1, b: 1 },
    refresh: { interval: 30, lazy: true },
    subscribe: { event: 'plugin_event', filter: { event: 'log' }, mode: 'append', limit: 200 },
  };
  assert.deepEqual(overridden(declared, { params: { b: 2 }, refresh: { interval: 5 }, subscribe: { limit: 2 } }), {
    action: 'list',
    params: { a: 1, b: 2 },
    refresh: { interval: 5, lazy: true },
    subscribe: { event: 'plugin_event', filter: { event: 'log' }, mode: 'append', limit: 2 },
  });
  assert.deepEqual(overridden(undefined, { type: 'static', data: 1 }), { type: 'static', data: 1, params: {} });
});

test('errors that come and go are told', async () => {
  let told = 0;
  let fails = true;
  const load = async () => {
    if (fails) throw new Error('no');
    return 1;
  };
  const source = new Source({ action: 'x' }, world({ load, failing: () => (told += 1) }));
  const stop = source.subscribe(() => {});
  await new Promise((done) => setTimeout(done));
  assert.equal(told, 1);
  fails = false;
  await source.refresh();
  assert.equal(told, 2);
  stop();
});

/** A server that asks for us, and what it is told. @param {any} more */
function watching(more = {}) {
  const told = { watched: 0, stopped: 0, asked: 0, loads: 0, heard: /** @type {any} */ (undefined) };
  const here = /** @type {any} */ (world({
    load: async () => ({ own: ++told.loads }),
    watch: (/** @type {any} */ _, /** @type {number} */ seconds, /** @type {any} */ heard) => {
      Object.assign(told, { heard, seconds, watched: told.watched + 1 });
      return { stop: () => (told.stopped += 1), ask: () => (told.asked += 1) };
    },
    ...more,
  }));
  return /** @type {[any, any]} */ ([here, told]);
}

test('a source with an interval is left to the server, and asked from here only when that refuses', async () => {
  const [here, told] = watching();
  const source = new Source({ refresh: { interval: 60 }, path: 'rows' }, here);
  const stop = source.subscribe(() => {});
  assert.deepEqual([told.watched, told.seconds, told.loads, source.state.loading], [1, 60, 0, true]);
  told.heard.answer({ rows: [1] });
  assert.deepEqual([source.state.data, source.state.loading], [[1], false]);
  told.heard.error(new Error('gone'));
  assert.deepEqual([source.state.data, source.state.error.message], [[1], 'gone']);
  await source.refresh();
  assert.equal(told.loads, 1);
  told.heard.answer({ rows: [2] });
  assert.deepEqual([source.state.data, source.state.error], [[2], undefined]);
  stop();
  assert.equal(told.stopped, 1);
  told.heard.answer({ rows: [3] });
  assert.deepEqual(source.state.data, [2]);
  const again = source.subscribe(() => {});
  told.heard.refused();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([told.watched, told.loads], [2, 2]);
  again();
});

test('an event asks the server once for all pages, and no lazy source that nobody asked for', async () => {
  const [here, told] = watching();
  const events = /** @type {any[]} */ ([]);
  here.events = (/** @type {any} */ listener) => (events.push(listener), () => {});
  const stop = new Source({ interval: 60, subscribe: {} }, here).subscribe(() => {});
  const lazy = new Source({ refresh: { interval: 60, lazy: true } }, here).subscribe(() => {});
  assert.deepEqual([told.watched, told.loads], [1, 0]);
  for (const hear of events) hear({ type: 'plugin_event', plugin: 'mine', payload: 1 });
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(told.asked, 1);
  assert.equal(told.loads, 0);
  for (const one of [stop, lazy]) one();
});

test('what events append is kept until the server, asked after them, answers as before', async () => {
  const [here, told] = watching();
  let hear = (/** @type {any} */ _) => {};
  here.events = (/** @type {any} */ listener) => ((hear = listener), () => {});
  const source = new Source({ interval: 60, subscribe: { mode: 'append' } }, here);
  const stop = source.subscribe(() => {});
  assert.deepEqual([told.watched, told.loads], [1, 0]);
  const append = async (/** @type {number} */ payload) => {
    hear({ type: 'plugin_event', plugin: 'mine', payload });
    await new Promise((resolve) => setTimeout(resolve, 150));
  };
  told.heard.answer([1]);
  told.heard.same('10:00');
  await append(2);
  assert.deepEqual(source.state.data, [1, 2]);
  told.heard.same('10:01');
  assert.deepEqual(source.state.data, [1, 2], 'it may have been asked before the event');
  told.heard.same('10:01');
  assert.deepEqual(source.state.data, [1, 2], 'it was not asked again');
  told.heard.same('10:02');
  assert.deepEqual(source.state.data, [1], 'the event changed nothing that lasts');
  await append(3);
  told.heard.answer([1, 3]);
  told.heard.same('10:03');
  told.heard.same('10:04');
  assert.deepEqual(source.state.data, [1, 3]);
  stop();
});

test('a lazy source is left to the server once somebody asked for it, and asked from here when that refuses', async () => {
  const [here, told] = watching();
  const source = new Source({ refresh: { interval: 60, lazy: true } }, here);
  const stop = source.subscribe(() => {});
  await source.refresh({ id: 7 });
  assert.deepEqual([told.watched, told.loads], [0, 1], 'with other parameters it is another question');
  await source.refresh();
  assert.deepEqual([told.watched, told.loads, told.seconds], [1, 2, 60]);
  told.heard.answer('theirs');
  assert.equal(source.state.data, 'theirs');
  told.heard.refused();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([told.watched, told.loads], [1, 3]);
  stop();
});

test('a page that is hidden is not watched, and one whose parameters change is another question', () => {
  let isVisible = true;
  let seen = () => {};
  let changed = () => {};
  const [here, told] = watching({
    visible: { get: () => isVisible, subscribe: (/** @type {any} */ call) => ((seen = call), () => {}) },
    depends: (/** @type {any} */ _, /** @type {any} */ call) => ((changed = call), () => {}),
  });
  const stop = new Source({ interval: 60 }, here).subscribe(() => {});
  isVisible = false;
  seen();
  assert.deepEqual([told.watched, told.stopped], [1, 1]);
  isVisible = true;
  seen();
  changed();
  assert.deepEqual([told.watched, told.stopped, told.loads], [3, 2, 0]);
  stop();
  assert.equal(told.stopped, 3);
});
