import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Place } from '../js/core/recovery.js';

/** @param {number} n */
const update = (n) => ({ type: 'update', data: { type: 'x' }, offset: `${n}-0` });
/** @param {boolean} recovered @param {number} [n] @param {string} [epoch] */
const subscribed = (recovered, n, epoch = 'e1') => ({
  type: 'subscribed',
  data: { topics: ['updates'], recovered, ...(n === undefined ? {} : { epoch, offset: `${n}-0` }) },
});

/** A page that was subscribed at 5 and has heard 6. */
function visited() {
  const place = new Place();
  place.asked();
  place.heard(subscribed(true, 5));
  place.heard(update(6));
  return place;
}

test('the first connection asks for nothing and misses nothing', () => {
  const place = new Place();
  assert.deepEqual(place.asked(), {});
  assert.deepEqual(place.heard(update(4)), { isNews: true, isGap: false });
  assert.deepEqual(place.heard(subscribed(true, 4)), { isNews: true, isGap: false });
  assert.deepEqual(place.asked(), { epoch: 'e1', offset: '4-0' });
});

test('whoever comes back asks from the last event that was shown', () => {
  assert.deepEqual(visited().asked(), { epoch: 'e1', offset: '6-0' });
});

test('what comes before the answer is not shown, as it comes again', () => {
  const place = visited();
  place.asked();
  assert.equal(place.heard(update(9)).isNews, false);
  assert.deepEqual(place.heard(subscribed(true, 9)), { isNews: true, isGap: false });
  assert.deepEqual([7, 8, 9].map((n) => place.heard(update(n)).isNews), [true, true, true]);
  assert.deepEqual(place.asked(), { epoch: 'e1', offset: '9-0' });
});

test('a connection that is lost while the missed events come asks for the rest', () => {
  const place = visited();
  place.asked();
  place.heard(subscribed(true, 9));
  place.heard(update(7));
  assert.deepEqual(place.asked(), { epoch: 'e1', offset: '7-0' });
});

test('when the missed events are gone that is a gap, and the place is where the server is', () => {
  const place = visited();
  place.asked();
  assert.deepEqual(place.heard(subscribed(false, 90, 'e2')), { isNews: true, isGap: true });
  assert.deepEqual(place.asked(), { epoch: 'e2', offset: '90-0' });
});

test('a history that is not known yet cannot be recovered from', () => {
  const place = new Place();
  place.asked();
  place.heard(subscribed(true));
  place.asked();
  assert.equal(place.heard(subscribed(true, 3)).isGap, true);
});

test('more topics on a connection that lives are no gap', () => {
  const place = new Place();
  place.asked();
  place.heard(subscribed(true));
  assert.equal(place.heard(subscribed(true)).isGap, false);
  const visitor = visited();
  assert.deepEqual(visitor.heard(subscribed(true, 9)), { isNews: true, isGap: false });
  assert.deepEqual(visitor.asked(), { epoch: 'e1', offset: '6-0' });
});

test('a gap in the middle of a connection is told', () => {
  assert.deepEqual(visited().heard({ type: 'resync', data: {} }), { isNews: false, isGap: true });
});
