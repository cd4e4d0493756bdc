import assert from 'node:assert/strict';
import test from 'node:test';
import { fieldsOf, flat } from '../js/core/schema.js';
import { filesOf, problemOf, sendable, valuesOf } from '../js/core/values.js';

const field = (/** @type {object} */ more) => fieldsOf([{ id: 'a', label: 'A', ...more }])[0];

test('every input starts as what it can hold', () => {
  const fields = fieldsOf([
    { id: 's', type: 'segmented', options: ['x', 'y'] },
    { id: 'r', type: 'range', min: 2, max: 9 },
    { id: 'l', type: 'slider', min: 3 },
    { id: 't', type: 'tags' },
    { id: 'b', type: 'boolean' },
    { id: 'n', type: 'number' },
    { id: 'd', type: 'text', default: 'given' },
    { id: 'c', type: 'chips', multiple: true },
  ]);
  assert.deepEqual(valuesOf(fields), { s: 'x', r: [2, 9], l: 3, t: [], b: false, n: null, d: 'given', c: [] });
  assert.equal(valuesOf(fields, { d: 'saved' }).d, 'saved');
});

test('sections hold fields and are none themselves', () => {
  const fields = fieldsOf([{ id: 'x', type: 'section', fields: [{ id: 'in', type: 'text', required: true }] }, {
    id: 'h',
    type: 'section',
  }]);
  assert.deepEqual(flat(fields).map((one) => one.id), ['in']);
  assert.deepEqual(valuesOf(fields), { in: '' });
});

test('what is wrong is said', () => {
  assert.equal(problemOf(field({ minLength: 3 }), 'ab'), 'At least 3 characters.');
  assert.match(problemOf(field({ maxLength: 1 }), 'ab') ?? '', /At most 1 characters/);
  assert.match(problemOf(field({ pattern: '^\\d+$' }), 'ab') ?? '', /expected form/);
  assert.equal(problemOf(field({ pattern: '^\\d+$' }), '12'), undefined);
  assert.match(problemOf(field({ type: 'email' }), 'nobody') ?? '', /name@example/);
  assert.match(problemOf(field({ type: 'url' }), 'ftp:x') ?? '', /http/);
  assert.equal(problemOf(field({ type: 'multiselect', maxValues: 1 }), ['a', 'b']), 'At most 1; these are 2.');
  assert.equal(problemOf(field({ type: 'checkbox', required: true }), false), 'A has to be ticked.');
  assert.equal(problemOf(field({ type: 'daterange', required: true }), [null, null]), 'A is required.');
  assert.equal(problemOf(field({ type: 'number', integer: true }), 1.5), 'Enter a whole number.');
});

test('a pattern that would never end is not tried', () => {
  const began = Date.now();
  problemOf(field({ pattern: '^(a+)+$' }), `${'a'.repeat(40)}!`);
  problemOf(field({ pattern: '(' }), 'x');
  assert.ok(Date.now() - began < 500);
});

test('files go apart from the values', () => {
  const fields = fieldsOf([{ id: 'f', type: 'file' }, { id: 'n', type: 'number' }, { id: 'j', type: 'json' }]);
  const file = new File(['x'], 'x.txt');
  assert.deepEqual(filesOf(fields, { f: [file] }), { f: [file] });
  assert.equal(filesOf(fields, { f: [] }), undefined);
  assert.deepEqual(sendable(fields, { f: [file], n: '5', j: '{"a":1}' }), { n: 5, j: { a: 1 } });
});
