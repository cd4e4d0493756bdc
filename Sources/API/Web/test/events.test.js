import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryOf, fold, matches, payloadOf } from '../js/core/events.js';

const event = { type: 'plugin_event', plugin: 'mine', event: 'log', payload: { entry: 'line', level: 'info' } };

test('a subscription hears its own plugin unless it says otherwise', () => {
  assert.ok(matches({ event: 'plugin_event', filter: { event: 'log' } }, event, 'mine'));
  assert.ok(!matches({ event: 'plugin_event', filter: { event: 'log' } }, event, 'other'));
  assert.ok(matches({ filter: { plugin: 'mine' } }, event, 'other'));
});

test('"self" is the subscriber, in the filter and beside it', () => {
  assert.ok(matches({ filter: { plugin: 'self' } }, event, 'mine'));
  assert.ok(matches({ plugin: 'self' }, event, 'mine'));
  assert.ok(!matches({ filter: { plugin: 'self' } }, event, 'other'));
});

test('a list in a filter means any of them; paths look inside', () => {
  assert.ok(matches({ filter: { event: ['log', 'done'] } }, event, 'mine'));
  assert.ok(matches({ filter: { 'payload.level': 'info' } }, event, 'mine'));
  assert.ok(!matches({ filter: { 'payload.level': 'error' } }, event, 'mine'));
});

test('events that are no plugin events need no plugin', () => {
  assert.ok(matches({ event: 'm3u_refresh' }, { type: 'm3u_refresh', account: 1 }, 'mine'));
  assert.ok(!matches({ event: 'm3u_refresh' }, event, 'mine'));
  for (const odd of [undefined, null, 'x', []]) assert.ok(!matches(odd, event, 'mine') && !matches({}, odd, 'mine'));
});

test('a path picks from the event or from its payload, and falls back to the payload', () => {
  assert.equal(payloadOf({ path: 'payload.entry' }, event), 'line');
  assert.equal(payloadOf({ path: 'entry' }, event), 'line');
  assert.deepEqual(payloadOf({ path: 'nope' }, event), event.payload);
});

test('append adds at the end and keeps the newest', () => {
  const spec = { mode: 'append', path: 'payload.entry', limit: 2 };
  assert.deepEqual(fold(['a', 'b'], spec, event), ['b', 'line']);
  assert.deepEqual(fold(undefined, spec, event), ['line']);
  assert.deepEqual(fold(['a', 'b'], { ...spec, prepend: true }, event), ['line', 'a']);
});

test('patch merges objects and replaces anything else', () => {
  assert.deepEqual(fold({ a: 1 }, { mode: 'patch' }, { payload: { b: 2 } }), { a: 1, b: 2 });
  assert.deepEqual(fold([1], { mode: 'patch' }, { payload: { b: 2 } }), { b: 2 });
  assert.deepEqual(fold({ a: 1 }, { mode: 'patch' }, {}), { a: 1 });
});

test('every envelope becomes a line of the log, however odd', () => {
  assert.deepEqual({ ...entryOf({ type: 'update', data: event }, 1, 2), data: 0 }, {
    id: 1,
    at: 2,
    type: 'plugin_event',
    plugin: 'mine',
    event: 'log',
    success: true,
    payload: event.payload,
    data: 0,
  });
  assert.equal(
    entryOf({ type: 'connection_established', data: { success: true } }, 1, 2).event,
    'connection_established',
  );
  assert.equal(entryOf({ type: 'update', data: { type: 'epg_refresh', error: 'x' } }, 1, 2).success, false);
  for (const odd of [undefined, null, [], { data: 5 }]) assert.equal(typeof entryOf(odd, 1, 2).event, 'string');
});
