import assert from 'node:assert/strict';
import { test } from 'node:test';
import { downloadOf, failureOf, outcomeOf, questionOf } from '../js/core/result.js';

const about = { name: 'My Plugin' };

test('a result without a message shows its plain values', () => {
  const outcome = outcomeOf({ status: 'ok', processed: 5, mode: 'safe' }, about);
  assert.equal(outcome.tone, 'teal');
  assert.equal(outcome.title, 'My Plugin');
  assert.deepEqual(outcome.lines, ['Processed: 5 · Mode: safe']);
});

test('status "error" is a failure although the request succeeded', () => {
  const outcome = outcomeOf({ status: 'error', message: 'No', error: 'why' }, about);
  assert.ok(outcome.failed);
  assert.equal(outcome.tone, 'red');
  assert.deepEqual(outcome.lines, ['No', 'Error: why']);
});

test('output, queued, empty and odd results', () => {
  assert.deepEqual(outcomeOf({ status: 'queued', message: 'Queued', file: '/data/x' }, about).lines, [
    'Queued',
    'Output: /data/x',
  ]);
  assert.equal(outcomeOf({ status: 'queued' }, about).tone, 'blue');
  assert.deepEqual(outcomeOf({}, about).lines, ['Plugin action completed']);
  assert.deepEqual(outcomeOf('done', about).lines, ['done']);
  assert.doesNotThrow(() => [null, undefined, 5, []].map((odd) => outcomeOf(odd, about)));
});

test('downloads are named and addressed safely', () => {
  assert.deepEqual(downloadOf({ filename: '../a.csv', content_type: 'text/csv', data: 'YQ==' }), {
    filename: 'a.csv',
    data: 'YQ==',
    type: 'text/csv',
  });
  const refused = downloadOf({ filename: 'x', url: 'javascript:alert(1)' });
  assert.equal(refused?.url, undefined);
  assert.match(refused?.refused ?? '', /http/);
  assert.equal(
    downloadOf({ filename: 'x', content_type: 'text/html\r\nX: y', data: '' })?.type,
    'application/octet-stream',
  );
  assert.equal(downloadOf(undefined), undefined);
});

test('who is asked before an action', () => {
  const action = { id: 'a', label: 'Go' };
  const confirm = { id: 'confirm', input: 'switch', default: true };
  assert.equal(questionOf(action, about), undefined);
  assert.equal(questionOf({ ...action, confirm: true }, about)?.title, 'Run Go?');
  assert.equal(questionOf({ ...action, confirm: { required: true, title: 'Sure?' } }, about)?.title, 'Sure?');
  assert.equal(questionOf({ ...action, confirm: { required: false } }, about), undefined);
  assert.ok(questionOf(action, { ...about, fields: [confirm], settings: {} }), 'a boolean setting named confirm');
  assert.equal(questionOf(action, { ...about, fields: [confirm], settings: { confirm: false } }), undefined);
  assert.equal(
    questionOf({ ...action, confirm: false }, { ...about, fields: [confirm] }),
    undefined,
    'the action’s own word counts more',
  );
});

test('what could not be run says its own words, the reason and what helps', () => {
  const error = Object.assign(new Error('It broke'), { body: { hint: 'Mend it' } });
  const failure = failureOf(error, { ...about, action: { error_message: 'No luck', error_color: 'orange' } });
  assert.deepEqual([failure.title, failure.tone], ['My Plugin error', 'orange']);
  assert.deepEqual(failure.lines, ['No luck', 'It broke', 'Mend it']);
  assert.equal(failureOf('x', { ...about, action: { error_title: 'Oh' } }).title, 'Oh');
});

test('a result may speak in a toast, and an action may name its download', () => {
  const outcome = outcomeOf({ processed: 5, toast: { title: 'Done', message: 'All of it', color: 'grape' } }, about);
  assert.deepEqual([outcome.title, outcome.tone, outcome.lines], ['Done', 'grape', ['All of it']]);
  assert.equal(outcomeOf({ label: 'Report' }, about).title, 'Report');
  const action = { download: { filename: 'report.csv', content_type: 'text/csv' } };
  assert.deepEqual(outcomeOf({ download: 'YQ==' }, { ...about, action }).download, {
    filename: 'report.csv',
    data: 'YQ==',
    type: 'text/csv',
  });
  assert.equal(outcomeOf({}, { ...about, action }).download, undefined, 'nothing came to download');
  assert.equal(outcomeOf({ status: 'error', download: 'YQ==' }, { ...about, action }).download, undefined);
});
