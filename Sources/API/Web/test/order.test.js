import assert from 'node:assert/strict';
import test from 'node:test';
import { movedTo } from '../js/core/order.js';
import { treemap } from '../js/core/treemap.js';

test('an item moves and the others close up', () => {
  assert.deepEqual(movedTo(['a', 'b', 'c'], 0, 2), ['b', 'c', 'a']);
  assert.deepEqual(movedTo(['a', 'b', 'c'], 2, 0), ['c', 'a', 'b']);
});

test('areas are as large as their parts', () => {
  const parts = [{ value: 6 }, { value: 3 }, { value: 2 }, { value: 1 }];
  const tiles = treemap(parts, { x: 0, y: 0, w: 100, h: 50 });
  for (const tile of tiles) assert.ok(Math.abs(tile.w * tile.h - (5000 * tile.value) / 12) < 1e-6);
});
