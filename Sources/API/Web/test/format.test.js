import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, bytes, compact, cut, date, datetime, duration, json, number, text, toDate, words } from '../js/core/format.js';

test('times in seconds, milliseconds and text', () => {
  assert.equal(toDate(1_700_000_000)?.getTime(), 1_700_000_000_000);
  assert.equal(toDate('1700000000000')?.getTime(), 1_700_000_000_000);
  assert.equal(date('2026-03-04T05:06:07'), '2026-03-04');
  assert.equal(datetime('2026-03-04T05:06:07'), '2026-03-04 05:06:07');
  for (const odd of ['soon', null, undefined, '', true, {}]) assert.equal(toDate(odd), undefined);
  assert.equal(date('soon'), 'soon');
});

test('numbers, sizes, lengths of time', () => {
  assert.equal(number(1234567.891), '1,234,567.89');
  assert.equal(number('x'), 'x');
  assert.equal(number(null), '');
  assert.equal(bytes(0), '0 B');
  assert.equal(bytes(1536), '1.5 KB');
  assert.equal(duration(4.25), '4.3 s');
  assert.equal(duration(185), '3 min 05 s');
  assert.equal(duration(7320), '2 h 02 min');
});

test('how long ago', () => {
  assert.equal(ago(1_700_000_000, 1_700_000_002_000), 'just now');
  assert.equal(ago(1_700_000_000, 1_700_000_090_000), '1 min ago');
});

test('anything can be shown as text', () => {
  assert.equal(text(undefined), '');
  assert.equal(text({ a: 1 }), '{"a":1}');
  /** @type {any} */
  const loop = {};
  loop.loop = loop;
  assert.match(text(loop), /cannot be shown/);
  assert.equal(json([1], 2), '[\n  1\n]');
});

test('identifiers as words, long text cut', () => {
  assert.equal(words('queue_depth'), 'Queue depth');
  assert.equal(words('lastHeartbeat'), 'Last heartbeat');
  assert.equal(cut('abcdef', 4), 'abc…');
});

test('counts that have to fit', () => {
  assert.deepEqual([7, 9_999, 12_043, 981_204, 1_000_000].map(compact), ['7', '9,999', '12K', '981.2K', '1M']);
});
