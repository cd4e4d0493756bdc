import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeColor, toneOf } from '../js/core/color.js';
import { actionsOf, fieldsOf, iconName, inputType, optionsOf, pagesOf } from '../js/core/schema.js';
import { problemOf, sendable, valuesOf } from '../js/core/values.js';

test('settings read `text` as several lines, forms as one', () => {
  assert.equal(inputType('text', true), 'textarea');
  assert.equal(inputType('text'), 'text');
  assert.equal(inputType('boolean', true), 'switch');
  assert.equal(inputType('constructor'), 'constructor', 'an unknown type stays itself');
});

test('malformed fields are left out, the others stay', () => {
  const fields = fieldsOf([{ id: 'a' }, null, 'x', { label: 'no id' }, { id: '__proto__' }, {
    id: 'b',
    type: 'number',
    input_type: 'password',
    help: 'H',
  }, { type: 'info', description: 'D' }], true);
  assert.deepEqual(fields.map(({ id, input }) => [id, input]), [['a', 'text'], ['b', 'password'], ['info-6', 'info']]);
  assert.equal(fields[0].label, 'A');
  assert.equal(fields[1].help, 'H');
  for (const odd of [undefined, null, {}, 'x']) assert.deepEqual(fieldsOf(odd), []);
});

test('saved values win over defaults; keys that are no fields are kept', () => {
  const fields = fieldsOf([{ id: 'a', default: 1 }, { id: 'b', type: 'boolean' }, { id: 'c', default: 'x' }]);
  assert.deepEqual(valuesOf(fields, { a: 2, other: 'kept' }), { a: 2, b: false, c: 'x', other: 'kept' });
});

test('options become distinct texts', () => {
  assert.deepEqual(optionsOf([{ value: 1, label: 'One' }, 'two', { value: 1, label: 'again' }]), [{
    value: '1',
    label: 'One',
  }, { value: 'two', label: 'two' }]);
});

test('what is wrong with a value is said in words', () => {
  const [name, count, payload] = fieldsOf([{ id: 'name', required: true, label: 'Name' }, {
    id: 'n',
    type: 'number',
    min: 1,
    max: 10,
  }, { id: 'p', type: 'json' }]);
  assert.equal(problemOf(name, ''), 'Name is required.');
  assert.equal(problemOf(name, 'x'), undefined);
  assert.equal(problemOf(count, 0), 'The smallest allowed value is 1.');
  assert.equal(problemOf(count, '11'), 'The largest allowed value is 10.');
  assert.equal(problemOf(count, ''), undefined);
  assert.equal(problemOf(payload, '{'), 'This is not valid JSON.');
  assert.deepEqual(sendable([name, count, payload], { name: 'a', n: '5', p: '{"x":1}' }), {
    name: 'a',
    n: 5,
    p: { x: 1 },
  });
  assert.deepEqual(sendable([payload], { p: '' }), { p: null });
});

test('pages have addresses, hide behind their setting, and cannot take ours', () => {
  const plugin = {
    key: 'my plugin',
    fields: [{ id: 'show', type: 'boolean', default: true }],
    settings: {},
    ui_schema: {
      pages: [{ id: 'one', route: '/dash/one' }, { id: 'two', route: '/api/steal', requiresSetting: 'show' }, {
        label: 'no id',
      }, 5],
    },
  };
  assert.deepEqual(pagesOf(plugin).map(({ id, route }) => [id, route]), [['one', '/dash/one'], [
    'two',
    '/plugins/my%20plugin/two',
  ]]);
  assert.deepEqual(pagesOf({ ...plugin, settings: { show: false } }).map(({ id }) => id), ['one']);
  for (const odd of [undefined, {}, { ui_schema: 5 }, { ui_schema: { pages: {} } }]) assert.deepEqual(pagesOf(odd), []);
});

test('actions need an id', () =>
  assert.deepEqual(actionsOf([{ id: 'do_work' }, {}, 7, null]).map(({ id, label }) => [id, label]), [[
    'do_work',
    'Do work',
  ]]));

test('icon names become file names and nothing else', () => {
  assert.deepEqual(['FileText', 'Trash2', 'activity', 'AArrowUp'].map(iconName), [
    'file-text',
    'trash-2',
    'activity',
    'a-arrow-up',
  ]);
  for (const bad of ['../secret', 'a/b', '', null, 'x'.repeat(80), 'a.svg']) assert.equal(iconName(bad), undefined);
});

test('colours are names or hex', () => {
  assert.equal(safeColor('Teal'), 'teal');
  assert.equal(safeColor('blue.4'), 'blue.4');
  assert.equal(safeColor('#4dabf7'), '#4dabf7');
  for (const bad of ['red;background:url(x)', 'var(--x)', 'url(x)', 'constructor', 5, null]) {
    assert.equal(safeColor(bad), undefined);
  }
  assert.equal(toneOf('#fff'), 'gray');
});
