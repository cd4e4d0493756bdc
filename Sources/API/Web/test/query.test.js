import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterRows, pageOf, rowsOf, sortRows } from '../js/core/query.js';

const rows = [{ n: 'b10', v: 2 }, { n: 'b9', v: 1 }, { n: 'a', v: 2 }, { n: null, v: 3 }];

test('numbers inside words sort as numbers, missing values come last', () => {
  assert.deepEqual(sortRows(rows, [{ id: 'n' }]).map((row) => row.n), ['a', 'b9', 'b10', null]);
});

test('several keys, each with its direction, and the rows stay as they were', () => {
  assert.deepEqual(sortRows(rows, [{ id: 'v', desc: true }, { id: 'n' }]).map((row) => row.n), [
    null,
    'a',
    'b10',
    'b9',
  ]);
  assert.equal(rows[0].n, 'b10');
  assert.equal(sortRows(rows, []), rows);
});

test('every word of a filter must occur', () => {
  const values = (/** @type {any} */ row) => [row.n, row.v];
  assert.equal(filterRows(rows, 'B 1', values).length, 2);
  assert.equal(filterRows(rows, 'zz', values).length, 0);
  assert.equal(filterRows(rows, '  ', values), rows);
});

test('pages are brought into range', () => {
  const many = Array.from({ length: 51 }, (_, i) => i);
  assert.deepEqual(pageOf(many, 3, 25), { rows: [50], page: 3, pages: 3, total: 51 });
  assert.equal(pageOf(many, 99, 25).page, 3);
  assert.equal(pageOf(many, NaN, 25).page, 1);
  assert.equal(pageOf([], 1, 25).pages, 1);
});

test('rows are found in what plugins return', () => {
  assert.deepEqual(rowsOf([1]), [1]);
  assert.deepEqual(rowsOf({ rows: [1] }), [1]);
  assert.deepEqual(rowsOf({ status: 'ok', result: [1] }), [1]);
  assert.deepEqual(rowsOf({ status: 'ok', workers: [1] }), [1], 'the only list there is');
  assert.deepEqual(rowsOf({ a: [1], b: [2] }), [], 'two lists are ambiguous');
  for (const odd of [null, undefined, 5, 'x', {}]) assert.deepEqual(rowsOf(odd), []);
});
