import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptsOf } from '../js/core/attempts.js';
import { calmly } from '../js/core/calm.js';
import { backlogs, ceiling, latencies, latencyOf, quantile, readingOf, speeds, stacked } from '../js/core/readings.js';

const at = (/** @type {number} */ second) => `2026-11-23T02:00:${String(second).padStart(2, '0')}Z`;

test('attempts begin when a task is started and end as it was written down', () => {
  const found = attemptsOf([
    { at: at(0), what: 'accepted' },
    { at: at(1), what: 'started', worker: 'a' },
    { at: at(4), what: 'retry', error: 'no line' },
    { at: at(9), what: 'started', worker: 'b' },
    { at: at(20), what: 'started', worker: 'c' },
  ]);
  assert.deepEqual(found.map(({ worker, end, seconds, error }) => [worker, end, seconds, error]), [
    ['a', 'retry', 3, 'no line'],
    ['b', 'lost', undefined, ''],
    ['c', '', undefined, ''],
  ]);
  assert.deepEqual(attemptsOf([]), []);
});

test('a burst is one call at once and one at the end', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let calls = 0;
  const calm = calmly(() => calls++, 1000);
  for (let turn = 0; turn < 50; turn++) calm.call();
  assert.equal(calls, 1);
  mock.timers.tick(1000);
  assert.equal(calls, 2);
  mock.timers.tick(1000);
  calm.call();
  calm.stop();
  mock.timers.tick(5000);
  assert.equal(calls, 3);
});

test('latency is how long tasks waited since they were due, and how long they ran', () => {
  const task = (/** @type {number} */ began, /** @type {number} */ ended, more = {}) => ({
    accepted_at: at(0),
    started_at: at(began),
    finished_at: at(ended),
    ready: true,
    ...more,
  });
  const found = latencyOf([task(1, 3), task(2, 9), task(30, 31, { eta: at(28) }), { accepted_at: at(0) }]);
  assert.deepEqual(found, { count: 3, wait: 2, waitMost: 2, run: 2, runMost: 7 });
  assert.equal(quantile([], 0.5), undefined);
});

test('what the server counted is newer than what was read', () => {
  const queues = { queues: [{ name: 'a', waiting: 3 }, { name: 'b', waiting: 4 }], running: 1 };
  const read = readingOf(0, { queues, states: { SUCCESS: 5 } });
  assert.deepEqual([read.waiting, read.running, read.done], [7, 1, 5]);
  const told = readingOf(2000, {
    queues,
    states: { SUCCESS: 5 },
    counts: { waiting: 9, running: 2, states: { SUCCESS: 11, FAILURE: 2 } },
  });
  assert.deepEqual([told.waiting, told.running, told.done], [9, 2, 11]);
  assert.deepEqual(speeds([read, told]).map(({ s0, s1 }) => [s0, s1]), [[3, 1]]);
  assert.equal(latencies([read, told]).length, 0);
});

test('the longest queues are drawn by name, the others together', () => {
  const queues = (/** @type {number} */ grown) => ({
    queues: Array.from({ length: 8 }, (_, index) => ({ name: `q${index}`, waiting: index * grown })),
  });
  const { series, points } = backlogs([readingOf(0, { queues: queues(1) }), readingOf(1, { queues: queues(2) })], 3);
  assert.deepEqual(series, ['q7', 'q6', 'q5', '4 others']);
  assert.deepEqual([points[1].s0, points[1].s3], [14, 20]);
  assert.deepEqual(backlogs([]).series, []);
});

test('an axis ends at a round figure, and stacked series lie on each other', () => {
  assert.deepEqual([0, 0.03, 1, 7, 1203].map(ceiling), [1, 0.05, 1, 10, 2000]);
  assert.deepEqual(stacked([{ x: 'a', s0: 1, s1: 2 }, { x: 'b', s1: 3 }], ['s0', 's1']), [
    { x: 'a', s0: 1, s1: 3 },
    { x: 'b', s0: 0, s1: 3 },
  ]);
});
