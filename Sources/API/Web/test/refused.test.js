import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { lines, settle } from './line.js';

const heard = /** @type {Record<string, () => void>} */ ({});
Object.assign(globalThis, {
  addEventListener: (/** @type {string} */ name, /** @type {() => void} */ listener) => (heard[name] = listener),
});
/** What the server says to whoever asks why. */
let answer = { status: 200, body: /** @type {any} */ ({ plugins: [] }) };
let questions = 0;
globalThis.fetch = /** @type {any} */ (async () => {
  questions += 1;
  if (answer.status === 0) throw new TypeError('away');
  return { status: answer.status, headers: new Headers(), json: async () => answer.body };
});
const { connection, onSessionEnded, retry, start, stop } = await import('../js/net/socket.js');
let ended = 0;
onSessionEnded(() => (ended += 1));

const pass = async (/** @type {number} */ seconds) => {
  for (let turn = 0; turn < seconds; turn += 1) {
    mock.timers.tick(1000);
    await settle();
  }
};
const close = async (/** @type {number} */ code) => {
  lines.at(-1).onclose({ code });
  await settle();
};
const tell = (/** @type {any} */ envelope) => lines.at(-1).onmessage({ data: JSON.stringify(envelope) });
const live = () => {
  tell({ type: 'connection_established' });
  tell({ type: 'subscribed', data: { topics: ['updates'], recovered: true, epoch: 'e', offset: '1-0' } });
};
const state = () => connection.get().state;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000_000 + lines.length });
  lines.length = 0;
  ended = questions = 0;
  answer = { status: 200, body: { plugins: [] } };
  start();
  live();
});
afterEach(() => {
  stop();
  mock.timers.reset();
});

test('who may listen no longer is told so, and tries again after five minutes and not before', async () => {
  await close(4403);
  assert.deepEqual([state(), connection.get().why], ['refused', 'network_not_allowed']);
  await pass(299);
  assert.equal(lines.length, 1);
  await pass(1);
  assert.equal(lines.length, 2);
  // The reason stands until it is known to be gone.
  assert.deepEqual([state(), connection.get().why], ['connecting', 'network_not_allowed']);
  answer = { status: 403, body: { code: 'network_not_allowed', error: 'no' } };
  await close(1006);
  assert.equal(state(), 'refused');
  await pass(200);
  assert.equal(lines.length, 2);
});

test('a click tries at once, coming back to the page after a while, and both find the right given back', async () => {
  await close(4403);
  heard.focus();
  assert.equal(lines.length, 1, 'sooner than after fifteen seconds');
  await pass(15);
  heard.focus();
  assert.equal(lines.length, 2);
  answer = { status: 403, body: { code: 'network_not_allowed' } };
  await close(1006);
  retry();
  assert.equal(lines.length, 3);
  live();
  assert.deepEqual([state(), connection.get().why], ['live', '']);
  await pass(400);
  assert.equal(lines.length, 3, 'the clock of the refusal still ran');
});

test('an upgrade that is refused again and again is asked about, and its reason taken', async () => {
  await close(1006);
  assert.deepEqual([state(), questions], ['waiting', 0]);
  await pass(1);
  answer = { status: 403, body: { code: 'not_allowed', error: 'no' } };
  await close(1006);
  assert.deepEqual([state(), connection.get().why, questions], ['refused', 'not_allowed', 1]);
});

test('a server that is away, or well and behind something that knows no sockets, is tried as ever', async () => {
  for (const status of [0, 200, 502]) {
    answer = { status, body: {} };
    const before = lines.length;
    await close(1006);
    await pass(31);
    assert.equal(lines.length, before + 1, `${status}`);
    assert.equal(state(), 'connecting');
  }
});

test('what was asked is nobody’s once the page has signed out', async () => {
  await close(1006);
  await pass(1);
  answer = { status: 403, body: {} };
  lines.at(-1).onclose({ code: 1006 });
  stop();
  await settle();
  assert.equal(state(), 'idle');
});

test('a session that ended is told once; one that ends again at once is no reason to hammer', async () => {
  await close(4401);
  assert.deepEqual([state(), ended], ['idle', 1]);
  start();
  live();
  await close(4401);
  assert.deepEqual([state(), ended], ['waiting', 1]);
  const before = lines.length;
  await pass(7);
  assert.equal(lines.length, before);
  await pass(10);
  assert.equal(lines.length, before + 1);
});
