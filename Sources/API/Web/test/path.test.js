import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, has, isObject, keysOf } from '../js/core/path.js';

test('dots, indexes and quoted keys', () => {
  assert.deepEqual(keysOf('a.b[0]["c d"].e'), ['a', 'b', '0', 'c d', 'e']);
  assert.deepEqual(keysOf(''), []);
  assert.deepEqual(keysOf(undefined), []);
  assert.equal(get({ a: { b: [{ 'c d': 1 }] } }, 'a.b[0]["c d"]'), 1);
});

test('an empty path is the value itself', () => assert.deepEqual(get([1], ''), [1]));

test('missing, null and inherited all give undefined or null, never an error', () => {
  assert.equal(get(undefined, 'a'), undefined);
  assert.equal(get({ a: null }, 'a'), null);
  assert.equal(get({ a: null }, 'a.b'), undefined);
  assert.equal(get('text', 'length'), undefined);
  assert.equal(get({}, '__proto__'), undefined);
  assert.equal(get([], 'length'), 0);
});

test('has and isObject', () => {
  assert.ok(has({ a: null }, 'a'));
  assert.ok(!has({}, 'a'));
  assert.ok(isObject({}) && !isObject([]) && !isObject(null) && !isObject('x'));
});
