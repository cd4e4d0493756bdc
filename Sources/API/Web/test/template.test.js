import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasTemplate, resolve, resolveString, roots } from '../js/core/template.js';

const scope = {
  row: { id: 7, name: 'Ann', tags: ['a', 'b'], none: null },
  metrics: { active: 3, health: 0.256 },
  settings: { token: 'x' },
};

test('a lone token keeps the type of its value', () => {
  assert.equal(resolveString('{{ row.id }}', scope), 7);
  assert.deepEqual(resolveString(' {{row.tags}} ', scope), ['a', 'b']);
  assert.equal(resolveString('{{ row.none }}', scope), null);
  assert.equal(resolveString('{{ missing.path }}', scope), undefined);
});

test('a token among words becomes text, a missing one becomes nothing', () => {
  assert.equal(resolveString('Stop {{ row.name }} ({{ row.id }})?', scope), 'Stop Ann (7)?');
  assert.equal(resolveString('[{{ nope }}]', scope), '[]');
  assert.equal(resolveString('tags {{ row.tags }}', scope), 'tags ["a","b"]');
});

test('brackets and filters are understood, unknown filters change nothing', () => {
  assert.equal(resolveString('{{ row.tags[1] }}', scope), 'b');
  assert.equal(resolveString('{{ metrics.health | percent }}', scope), '26%');
  assert.equal(resolveString('{{ nope | default:"none" }}', scope), 'none');
  assert.equal(resolveString('{{ row.name | upper | nonsense }}', scope), 'ANN');
});

test('only own properties can be reached', () => {
  for (
    const path of [
      'constructor',
      '__proto__',
      'row.__proto__',
      'row.constructor.constructor',
      'row.tags.map',
      'row.name.length.toString',
    ]
  ) {
    assert.equal(resolveString(`{{ ${path} }}`, scope), undefined, path);
  }
  assert.equal(resolveString('{{ row.name | constructor }}', scope), 'Ann');
});

test('nothing is evaluated', () => {
  for (const code of ['1 + 1', 'alert(1)', 'row.id > 3', 'row[alert(1)]']) {
    assert.equal(resolveString(`{{ ${code} }}`, scope), undefined, code);
  }
});

test('templates are found anywhere inside a value, which itself is left alone', () => {
  const given = { id: '{{ row.id }}', deep: [{ name: 'N {{ row.name }}' }], n: 5, flag: true };
  assert.deepEqual(resolve(given, scope), { id: 7, deep: [{ name: 'N Ann' }], n: 5, flag: true });
  assert.equal(given.id, '{{ row.id }}');
});

test('a value nested for ever ends', () => {
  /** @type {any} */
  let deep = '{{ row.id }}';
  for (let i = 0; i < 10_000; i++) deep = [deep];
  assert.doesNotThrow(() => [resolve(deep, scope), roots(deep)]);
});

test('roots are the first names of all tokens', () => {
  assert.deepEqual([...roots({ a: '{{ metrics.active }} of {{ workers[0].id | text }}', b: ['{{row.id}}'] })], [
    'metrics',
    'workers',
    'row',
  ]);
  assert.equal(roots('no tokens').size, 0);
});

test('literal values have nothing to fill in', () => {
  assert.equal(hasTemplate({ a: [1, 'x', null], b: {} }), false);
  assert.equal(hasTemplate({ a: [{ b: 'x {{ y }}' }] }), true);
});
