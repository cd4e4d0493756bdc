import assert from 'node:assert/strict';
import test from 'node:test';
import { linesOf, newLine } from '../js/core/log.js';

const NONE = { entries: [], lines: [] };
const ids = (/** @type {any} */ { lines }) => lines.map((/** @type {any} */ line) => line.id);

test('what a log keeps stays the same line while it grows and loses its beginning', () => {
  const first = linesOf(['a', 'b', 'c'], NONE);
  const grown = linesOf(['b', 'c', 'd'], first);
  assert.equal(grown.lines[0], first.lines[1]);
  assert.equal(grown.lines[1], first.lines[2]);
  assert.equal(grown.lines[2].words, 'd');
  assert.equal(new Set([...ids(first), ...ids(grown)]).size, 4);
});

test('lines that say the same are told apart', () => {
  const first = linesOf(['a', 'a', 'b', 'a'], NONE);
  const grown = linesOf(['a', 'b', 'a', 'c'], first);
  assert.deepEqual(ids(grown).slice(0, 3), ids(first).slice(1));
  const repeated = linesOf(['x', 'x', 'x'], linesOf(['x', 'x', 'x'], NONE));
  assert.equal(new Set(ids(repeated)).size, 3);
});

test('another list is other lines', () => {
  const first = linesOf(['a', 'b'], NONE);
  assert.equal(ids(linesOf(['c', 'a'], first)).some((/** @type {number} */ id) => ids(first).includes(id)), false);
  assert.deepEqual(linesOf([], first).lines, []);
});

test('an entry without a time of its own has the time when it came', () => {
  const came = new Date(5);
  assert.equal(newLine('x', came).at, came);
  assert.equal(newLine({ message: 'x', time: 7 }, came).at?.getTime(), 7000);
});
