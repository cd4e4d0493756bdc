import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { lines, settle } from './line.js';

const { start, stop } = await import('../js/net/socket.js');
const { watch } = await import('../js/net/watch.js');

const pass = async (/** @type {number} */ milliseconds) => {
  mock.timers.tick(milliseconds);
  await settle();
};
const tell = (/** @type {any} */ envelope) => lines.at(-1).onmessage({ data: JSON.stringify(envelope) });
const news = (/** @type {any} */ data) => tell({ type: 'source', data: { type: 'source_data', ...data } });

const TOPIC = 'source:1';
const standing = (/** @type {any} */ more) => ({ success: true, source: TOPIC, renew_after: 10, version: null, state: 'pending', ...more });
const good = (/** @type {any} */ result) => ({ success: true, result });

/** What the server was asked, and what it answers next: the last one again and again. @type {{path: string, body: any}[]} */
let asked = [];
/** @type {(any | Error)[]} */
let answers = [];

/** Who watches, and what they heard. @param {string} [plugin] */
function watcher(plugin = 'mine') {
  const heard = /** @type {any[]} */ ([]);
  const note = (/** @type {string} */ what) => (/** @type {any} */ value) => void heard.push([what, value?.message ?? value]);
  const question = { kind: 'resource', name: 'rows', params: { page: 1 } };
  const watched = watch(plugin, question, 30, {
    answer: note('answer'),
    error: note('error'),
    refused: () => void heard.push(['refused']),
    same: note('same'),
  });
  return { heard, ...watched };
}
const saidOf = (/** @type {string} */ verb) => asked.filter((one) => one.path.endsWith(`/ui/${verb}/`));

beforeEach(async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  asked = [];
  answers = [standing({ version: 'v1', state: 'ok', answer: good('first') })];
  globalThis.fetch = /** @type {any} */ (async (/** @type {string} */ path, /** @type {any} */ { body }) => {
    asked.push({ path, body: JSON.parse(body) });
    if (path.endsWith('/unwatch/')) return Response.json({ success: true });
    const next = answers.length > 1 ? answers.shift() : answers[0];
    if (next instanceof Error) throw next;
    const { status = 200, ...answer } = next;
    // As short as an answer can be: who reads it has it in the same turn.
    return { ok: status < 300, status, headers: new Headers(), json: async () => answer };
  });
  start();
  tell({ type: 'connection_established' });
  tell({ type: 'subscribed', data: { topics: ['updates'], recovered: true } });
});
afterEach(() => {
  stop();
  mock.timers.reset();
});

test('a page says what it shows, hears what is new once, and says in time that it is still there', async () => {
  const one = watcher();
  await settle();
  const [{ path, body }] = asked;
  assert.equal(path, '/api/plugins/plugins/mine/ui/watch/');
  assert.deepEqual([body.kind, body.name, body.params, body.interval, body.version], ['resource', 'rows', { page: 1 }, 30, '']);
  assert.match(body.watcher, /^[0-9a-f]{24}$/);
  assert.deepEqual(one.heard, [['answer', 'first']]);
  assert.deepEqual(lines.at(-1).sent.at(-1), { type: 'subscribe', topics: [TOPIC] });

  news({ source: 'source:other', version: 'v2', answer: good('not ours') });
  news({ source: TOPIC, version: 'v1', answer: good('first') });
  news({ source: TOPIC, version: 'v2', answer: good('second') });
  news({ source: TOPIC, version: 'v3', answer: { success: false, error: 'It broke.' } });
  assert.deepEqual(one.heard.slice(1), [['answer', 'second'], ['error', 'It broke.']]);

  answers = [standing({ version: 'v3', state: 'error', asked_at: '10:00' })];
  await pass(9_999);
  assert.equal(asked.length, 1);
  await pass(1);
  assert.deepEqual([asked.length, asked[1].body.version], [2, 'v3'], 'the server need not say again what is known');
  assert.deepEqual(one.heard.slice(3), [['same', '10:00']]);
  one.stop();
  await pass(60_000);
  assert.deepEqual(saidOf('watch').length, 2, 'who stopped says nothing more');
});

test('a long answer, and what was missed before the topic was told, is asked for', async () => {
  const one = watcher();
  await settle();
  tell({ type: 'subscribed', data: { topics: ['updates', TOPIC], recovered: true } });
  await settle();
  assert.equal(asked.length, 2);
  answers = [standing({ version: 'v2', state: 'ok', answer: good('long') })];
  news({ source: TOPIC, version: 'v2' });
  await settle();
  assert.deepEqual(one.heard, [['answer', 'first'], ['answer', 'long']]);
  one.ask();
  await settle();
  assert.equal(asked.at(-1)?.body.now, true);
  one.stop();
});

test('one that nobody here holds any more is let go, and not before', async () => {
  const [one, other] = [watcher(), watcher()];
  await settle();
  one.stop();
  await pass(1000);
  assert.deepEqual(saidOf('unwatch'), []);
  other.stop();
  const next = watcher();
  await settle();
  await pass(300);
  assert.deepEqual(saidOf('unwatch'), [], 'the next page holds it already');
  next.stop();
  next.stop();
  await pass(300);
  assert.deepEqual(saidOf('unwatch').map(({ body }) => body.sources), [[TOPIC]]);
});

test('until there is an answer it is asked for every second, also when the line is down; a refusal is final', async () => {
  answers = [standing({}), new TypeError('Failed to fetch'), standing({ version: 'v1', state: 'ok', answer: good('there') })];
  const one = watcher();
  await settle();
  assert.deepEqual(one.heard, []);
  await pass(1000);
  assert.match(one.heard[0][1], /cannot be reached/);
  await pass(1000);
  assert.deepEqual(one.heard.slice(1), [['answer', 'there']]);
  answers = [{ status: 404, error: 'There is no such route.' }];
  await pass(10_000);
  assert.deepEqual(one.heard.slice(2), [['refused']]);
  await pass(60_000);
  assert.equal(saidOf('watch').length, 4);
});

test('without a live connection the page asks at its own interval', async () => {
  const one = watcher();
  lines.at(-1).onclose({ code: 1006 });
  await settle();
  await pass(10_000);
  assert.equal(asked.length, 1);
  await pass(20_000);
  assert.equal(asked.length, 2);
  one.stop();
});
