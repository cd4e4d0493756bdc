import assert from 'node:assert/strict';
import test from 'node:test';
import { holds, isShown } from '../js/core/condition.js';

const scope = { settings: { live: true, level: 'debug', off: 'false', none: [] }, values: { kind: 'a', count: 3 } };

test('truth values and templates', () => {
  assert.equal(holds(true, scope), true);
  assert.equal(holds('{{ settings.live }}', scope), true);
  assert.equal(holds('{{ settings.off }}', scope), false);
  assert.equal(holds('{{ settings.none }}', scope), false);
  assert.equal(holds('{{ settings.absent }}', scope), false);
});

test('comparisons', () => {
  assert.equal(holds({ path: 'settings.level', equals: 'debug' }, scope), true);
  assert.equal(holds({ field: 'kind', in: ['a', 'b'] }, scope), true);
  assert.equal(holds({ path: 'values.count', gt: 2, lt: 3 }, scope), false);
  assert.equal(holds({ path: 'values.none', exists: false }, scope), true);
  assert.equal(holds({ path: 'values.count' }, scope), true);
  assert.equal(holds({ any: [{ path: 'values.kind', equals: 'z' }, { not: false }] }, scope), true);
  assert.equal(holds([true, { path: 'values.kind', ne: 'a' }], scope), false);
});

test('a node is shown when it may be and is not hidden', () => {
  assert.equal(isShown({ visibleWhen: '{{ settings.live }}' }, scope), true);
  assert.equal(isShown({ visible: true, hidden: '{{ settings.live }}' }, scope), false);
  assert.equal(isShown({ when: { constructor: 1 } }, scope), false);
});
