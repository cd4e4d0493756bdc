import assert from 'node:assert/strict';
import { test } from 'node:test';
import { badRow, blankRow, columnsOf } from '../js/core/rows.js';
import { fieldsOf, flat, inputType } from '../js/core/schema.js';
import { problemOf, valuesOf } from '../js/core/values.js';

const COLUMNS = [
  { id: 'name', type: 'string', default: 'new' },
  { id: 'count', type: 'number', min: 1, max: 9 },
  {
    id: 'on',
    type: 'boolean',
  },
  { type: 'string' },
  { id: '__proto__' },
];

test('a new row has its columns’ defaults; columns without a usable id are left out', () => {
  const columns = columnsOf(COLUMNS);
  assert.deepEqual(columns.map(({ id, label }) => [id, label]), [['name', 'Name'], ['count', 'Count'], ['on', 'On']]);
  assert.deepEqual(blankRow(columns), { name: 'new', count: null, on: false });
});

test('a wrong cell is named by its column and row', () => {
  assert.equal(badRow(COLUMNS, [{ count: 3 }, { count: null }]), undefined);
  assert.equal(badRow(COLUMNS, [{ count: 3 }, { count: 0 }]), 'Count, row 2: at least 1.');
  assert.equal(badRow(COLUMNS, [{ count: 'x' }]), 'Count, row 1: enter a number.');
  const [field] = fieldsOf([{ id: 'rules', type: 'table', columns: COLUMNS }], true);
  assert.equal(problemOf(field, [{ count: 20 }]), 'Count, row 1: at most 9.');
  assert.deepEqual(valuesOf([field]), { rules: [] });
});

test('settings stand in the section that they name, forms keep files, settings keep paths', () => {
  const fields = fieldsOf(
    [{ id: 'a' }, { id: 'more', type: 'section', collapsed: true }, { id: 'b', section: 'more' }, {
      id: 'c',
      section: 'gone',
    }],
    true,
  );
  assert.deepEqual(fields.map(({ id }) => id), ['a', 'more', 'c']);
  assert.deepEqual(fields[1].fields.map(({ id }) => id), ['b']);
  assert.deepEqual(flat(fields).map(({ id }) => id), ['a', 'b', 'c']);
  assert.deepEqual([inputType('file'), inputType('file', true)], ['file', 'upload']);
  assert.deepEqual(valuesOf(fieldsOf([{ id: 'list', type: 'file' }], true)), { list: '' });
});
