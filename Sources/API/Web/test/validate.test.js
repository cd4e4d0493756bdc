import assert from 'node:assert/strict';
import test from 'node:test';
import { LIBRARY, pageOf } from '../js/core/library/index.js';
import { lineAt, placesOf, readJson } from '../js/core/place.js';
import { nearest } from '../js/core/suggest.js';
import { validate } from '../js/core/validate.js';

const types = new Set(
  Object.values(LIBRARY).map(({ example }) => example.type.toLowerCase().replace(/[\s_-]/g, '')),
);
const said = (/** @type {any} */ page, more = {}) =>
  validate(page, { types, ...more }).map(({ path, message }) => `${path}: ${message}`);

test('every example of the library is right', () => {
  for (const [name, { example }] of Object.entries(LIBRARY)) assert.deepEqual(said(pageOf(example)), [], name);
});

test('mistakes are named with their paths, and what was meant', () => {
  const messages = said({
    dataSources: { rows: { type: 'rest' }, more: { subscribe: { mode: 'push' }, action: 'x' } },
    layout: {
      type: 'stack',
      children: [
        { type: 'tabel', source: 'row' },
        { type: 'table', source: 'row', colums: [] },
        { type: 'stat', label: 'x', value: '{{ row.a + 1 }}', color: 'javascript:1' },
        { type: 'text', text: '{{ rws.length | lenght }}' },
        { type: 'form', action: 'a', fields: [{ id: 'k', type: 'selct' }, { id: 'k', type: 'select' }] },
        { type: 'chart', chartType: 'pi' },
        7,
        {},
      ],
    },
    pages: [{ id: 'a', placement: 'top', route: '/api/x', layout: { type: 'text' } }, { layout: {} }],
  });
  for (
    const part of [
      'layout.children[0].type: There is no component “tabel”. Did you mean “table”?',
      'layout.children[1].source: There is no data source “row”. Did you mean “rows”?',
      'layout.children[1].colums: table does not use “colums”. Did you mean “columns”?',
      'layout.children[2].value: {{ row.a + 1 }}: templates are paths, nothing is computed in them.',
      'layout.children[2].color: “javascript:1” is no colour',
      'layout.children[3].text: {{ rws.length | lenght }}: nothing is called “rws” here. Did you mean “rows”?',
      'there is no filter “lenght”. Did you mean “length”?',
      'layout.children[4].fields[0].type: There is no input “selct”',
      'Two fields are called “k”.',
      'layout.children[5].chartType: There is no chart “pi”. Did you mean “pie”?',
      'layout.children[7]: This node has no type.',
      'dataSources.rows.type: There is no data source of type “rest”',
      'dataSources.more.subscribe.mode: There is no mode “push”',
      'pages[0].placement: A page is placed in plugin, sidebar, hidden.',
      'pages[0].route: “/api/x” cannot be a route',
      'pages[1]: This page has no id',
    ]
  ) assert.ok(messages.some((one) => one.includes(part)), `${part}\nin\n${messages.join('\n')}`);
});

test('hostile pages end quickly and with a message', () => {
  let deep = /** @type {any} */ ({ type: 'text' });
  for (let i = 0; i < 1000; i++) deep = { type: 'stack', children: [deep] };
  const wide = { type: 'stack', children: Array.from({ length: 100_000 }, () => ({ type: 'text', text: 'x' })) };
  const began = Date.now();
  assert.ok(said({ layout: deep }).some((one) => one.includes('levels deep')));
  assert.ok(said({ layout: wide }).some((one) => one.includes('100000 nodes')));
  for (
    const odd of [null, 5, [], 'x', { layout: 5 }, { layout: [[]] }, { layout: { type: {} } }, { dataSources: [] }]
  ) said(odd);
  assert.ok(Date.now() - began < 2000);
});

test('a message leads to its line', () => {
  const source = '{\n  "layout": {\n    "children": [\n      {"type": "x"},\n      {"type": "\\"y"}\n    ]\n  }\n}';
  const places = placesOf(source);
  const at = places.get('layout.children[1].type') ?? -1;
  assert.equal(source.slice(at, at + 4), '"\\"y');
  assert.equal(lineAt(source, at).line, 5);
  const deep = '['.repeat(20_000) + ']'.repeat(20_000);
  assert.ok(placesOf(deep).size > 100);
  const broken = readJson('{"a": 1,}');
  assert.match(broken.problem ?? '', /not JSON/);
  assert.equal(broken.at, 8);
});

test('only near names are suggested', () => {
  assert.equal(nearest('tabel', ['table', 'tabs']), ' Did you mean “table”?');
  assert.equal(nearest('zzz', ['table']), '');
});
