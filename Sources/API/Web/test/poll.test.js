import assert from 'node:assert/strict';
import test from 'node:test';
import { forget, poll } from '../js/net/api.js';
import { paths } from '../js/net/tasks.js';

/** A server that answers in turn, and what it was asked. @param {[number, any, string?][]} answers */
function play(answers) {
  const asked = /** @type {any[]} */ ([]);
  globalThis.fetch = /** @type {any} */ (async (/** @type {string} */ path, /** @type {any} */ options) => {
    asked.push({ path, tag: options.headers['If-None-Match'] });
    const [status, body, tag] = answers[asked.length - 1];
    const headers = tag ? { ETag: tag } : undefined;
    return new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
  });
  return asked;
}

test('what did not change is the same object, and was asked for by its tag', async () => {
  forget();
  const asked = play([[200, { a: 1 }, '"x"'], [304, undefined, '"x"'], [200, { a: 2 }, '"y"'], [304, undefined]]);
  const first = await poll('/api/a/');
  assert.equal(await poll('/api/a/'), first);
  const second = await poll('/api/a/');
  assert.deepEqual(second, { a: 2 });
  assert.equal(await poll('/api/a/'), second);
  assert.deepEqual(asked.map((one) => one.tag), [undefined, '"x"', '"x"', '"y"']);
});

test('an answer without a tag is asked for anew, and who signs out leaves nothing behind', async () => {
  forget();
  const asked = play([[200, 1], [200, 2, '"z"'], [200, 3]]);
  assert.equal(await poll('/api/b/'), 1);
  assert.equal(await poll('/api/b/'), 2);
  forget();
  assert.equal(await poll('/api/b/'), 3);
  assert.deepEqual(asked.map((one) => one.tag), [undefined, undefined, undefined]);
});

test('a failure is thrown in the server’s own words, and what was known stays known', async () => {
  forget();
  const asked = play([[200, { a: 1 }, '"x"'], [503, { error: 'The broker is away.' }], [304, undefined]]);
  const first = await poll('/api/c/');
  await assert.rejects(poll('/api/c/'), { message: 'The broker is away.', status: 503 });
  assert.equal(await poll('/api/c/'), first);
  assert.equal(asked[2].tag, '"x"');
});

test('spaces in a search are written so that every server reads them', () => {
  assert.equal(
    paths.tasks({ search: 'account 3 a+b&c', state: '', limit: 5 }),
    '/api/tasks/?search=account%203%20a%2Bb%26c&limit=5',
  );
});
