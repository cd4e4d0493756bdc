import assert from 'node:assert/strict';
import { test } from 'node:test';
import { continued, renewed, TaskLog } from '../js/core/tasklog.js';

/** Lines as the server writes them; each call makes new objects, as parsing does. @param {string} words */
const lines = (words) =>
  [...words].map((message) => ({ time: message.charCodeAt(0), level: 'info', source: 'x', message }));
const words = (/** @type {any[] | undefined} */ entries) => entries?.map(({ message }) => message).join('');
/** A report of `more` after what ends with `before`. @param {string} before @param {string} more */
const told = (before, more) => ({ after: lines(before).at(-1) ?? null, lines: lines(more) });

test('what is told continues what is there, each line once', () => {
  assert.equal(words(continued(lines('ab'), told('ab', 'cd'))), 'abcd');
  assert.equal(words(continued([], told('', 'ab'))), 'ab');
  // Read a moment after it was told: some of it, or all and more, is there already.
  assert.equal(words(continued(lines('abc'), told('ab', 'cd'))), 'abcd');
  const entries = lines('abcde');
  assert.equal(continued(entries, told('ab', 'cd')), entries);
  assert.equal(continued(entries, told('', 'ab')), entries);
  assert.equal(continued(entries, told('abcde', '')), entries);
});

test('what does not fit has to be read', () => {
  assert.equal(continued(lines('ab'), told('abc', 'd')), undefined);
  assert.equal(continued([], told('a', 'b')), undefined);
  assert.equal(continued(lines('ab'), { is_cut: true }), undefined);
  assert.equal(continued(lines('ab'), /** @type {any} */ ({})), undefined);
});

test('equal words of another moment are another line', () => {
  const twice = [{ time: 1, message: 'again' }, { time: 2, message: 'again' }];
  assert.equal(continued(twice.slice(0, 1), { after: { time: 1, message: 'again' }, lines: [twice[1]] })?.length, 2);
});

test('a log is as long as the server keeps it', () => {
  const many = Array.from({ length: 1000 }, (_, time) => ({ time, message: 'x' }));
  const longer = continued(many, { after: many.at(-1), lines: [{ time: 1000, message: 'y' }] });
  assert.deepEqual([longer?.length, longer?.[0].time, longer?.at(-1).time], [1000, 1, 1000]);
});

test('reading again keeps the entries that are drawn', () => {
  const before = lines('abc');
  assert.equal(renewed(before, lines('abc')), before);
  const now = renewed(before, lines('bcd'));
  assert.deepEqual([words(now), now[0] === before[1], now[1] === before[2]], ['bcd', true, true]);
  assert.equal(words(renewed(before, lines('xy'))), 'xy');
  assert.equal(words(renewed(before, [])), '');
});

/** A log whose server answers when it is told to. */
function reading() {
  const waiting = /** @type {((answer: string) => void)[]} */ ([]);
  const log = new TaskLog(() => new Promise((resolve) => waiting.push((answer) => resolve({ logs: lines(answer) }))));
  return { log, answer: (/** @type {string} */ all) => waiting.shift()?.(all), asked: () => waiting.length };
}

test('what is told while it is being read comes behind, whichever of the two is newer', async () => {
  for (const all of ['a', 'ab', 'abc', 'abcd']) {
    const { log, answer } = reading();
    const read = log.read();
    assert.equal(log.hear(told('a', 'bc')), true);
    answer(all);
    await read;
    assert.equal(words(log.entries.get()), all.length > 3 ? all : 'abc');
  }
});

test('what was cut while it was being read is read once more, and not for ever', async () => {
  const { log, answer, asked } = reading();
  const read = log.read();
  for (let turn = 1; turn <= 3; turn += 1) {
    assert.equal(asked(), 1);
    log.hear({ is_cut: true });
    answer('a'.repeat(turn));
    for (let step = 0; step < 10; step += 1) await Promise.resolve();
  }
  await read;
  assert.equal(asked(), 0);
  assert.equal(words(log.entries.get()), 'aaa');
  assert.equal(log.hear(told('x', 'y')), false);
});

test('a log that cannot be read keeps what it has', async () => {
  let isAway = false;
  const log = new TaskLog(async () => {
    if (isAway) throw new Error('away');
    return { logs: lines('ab') };
  });
  await log.read();
  isAway = true;
  await assert.rejects(log.read());
  assert.equal(words(log.entries.get()), 'ab');
  assert.equal(log.hear(told('ab', 'c')), true);
  assert.equal(words(log.entries.get()), 'abc');
});
