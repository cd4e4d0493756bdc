import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { lines, settle } from './line.js';

let task = /** @type {any} */ ({});
let reads = 0;
globalThis.fetch = /** @type {any} */ (async () => {
  reads += 1;
  const body = { ...task };
  return { status: 200, headers: new Headers(), json: async () => body };
});
const { start, stop } = await import('../js/net/socket.js');
const { follow } = await import('../js/net/following.js');

const pass = async (/** @type {number} */ seconds) => {
  for (let turn = 0; turn < seconds; turn += 1) {
    mock.timers.tick(1000);
    await settle();
  }
};
const tell = async (/** @type {any} */ data) => {
  lines.at(-1).onmessage({ data: JSON.stringify({ type: 'update', data }) });
  await settle();
};
const granted = async (/** @type {string[]} */ ...topics) => {
  lines.at(-1).onmessage({ data: JSON.stringify({ type: 'subscribed', data: { topics, recovered: true, epoch: 'e', offset: '1-0' } }) });
  await settle();
};
const report = (/** @type {any} */ more) => tell({ type: 'task_report', task_id: 't', state: 'STARTED', progress: null, ...more });

beforeEach(async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000_000 });
  task = { task_id: 't', state: 'STARTED', ready: false, progress: null };
  reads = 0;
  start();
  lines.at(-1).onmessage({ data: JSON.stringify({ type: 'connection_established' }) });
  await granted('updates');
});
afterEach(() => {
  stop();
  mock.timers.reset();
});

/** Begins to follow the task; what was said of it and what came of it are noted. */
function begin() {
  const said = /** @type {any[]} */ ([]);
  const end = /** @type {{result?: any, error?: any}} */ ({});
  follow('t', ({ percent, message }) => said.push([percent, message])).then((result) => (end.result = result), (error) => (end.error = error));
  return { said, end };
}

test('a task that is told of is asked about at its beginning and its end', async () => {
  const { said, end } = begin();
  await settle();
  assert.deepEqual(lines.at(-1).sent.at(-1), { type: 'subscribe', topics: ['task:t'] });
  await granted('updates', 'task:t');
  const before = reads;
  for (const percent of [10, 20, 20, 30]) {
    await report({ progress: { percent, message: 'on' } });
    await pass(4);
  }
  await tell({ type: 'task_report', task_id: 'other', state: 'SUCCESS', progress: null });
  assert.equal(reads, before, 'it was asked all the same');
  assert.deepEqual(said.slice(-3), [[10, 'on'], [20, 'on'], [30, 'on']]);
  task = { ...task, state: 'SUCCESS', ready: true, result: 7 };
  await report({ state: 'SUCCESS' });
  assert.deepEqual([end.result, reads], [7, before + 1]);
  assert.deepEqual(lines.at(-1).sent.at(-1), { type: 'unsubscribe', topics: ['task:t'] });
});

test('an end that nobody told of is found within twenty seconds', async () => {
  const { end } = begin();
  await granted('updates', 'task:t');
  task = { ...task, state: 'FAILURE', ready: true, error: 'no channel' };
  await pass(19);
  assert.equal(end.error, undefined);
  await pass(2);
  assert.equal(end.error?.message, 'no channel');
});

test('who is not granted the topic asks each second, and so does who lost the connection', async () => {
  const { said, end } = begin();
  await settle();
  await granted('updates');
  await pass(3);
  assert.ok(reads >= 4, `${reads}`);
  await granted('updates', 'task:t');
  lines.at(-1).onclose({ code: 1012 });
  task.progress = { percent: 50, message: 'half' };
  await pass(2);
  assert.deepEqual(said.at(-1), [50, 'half']);
  task = { ...task, state: 'REVOKED', ready: true };
  await pass(2);
  assert.equal(end.error?.code, 'task_cancelled');
});
