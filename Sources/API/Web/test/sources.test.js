import assert from 'node:assert/strict';
import test from 'node:test';
import { progressOf } from '../js/core/progress.js';
import { bodyOf, cronWords, draftOf, faultsOf, formOf, remedyOf, stateOf, viewOf } from '../js/core/sources.js';

const ROW = {
  id: 3,
  name: 'Cable',
  server_url: 'https://tv.example:8443/list.m3u?token=x',
  account_type: 'STD',
  is_active: true,
  refresh_interval: 12,
  cron_expression: '',
  status: 'success',
  last_message: 'fine',
  updated_at: '2026-11-23T02:00:00Z',
  max_streams: 2,
  stale_stream_days: 7,
};
const SCHEDULE = {
  name: 'm3u_account-refresh-3',
  next_run_at: '2026-11-23T14:00:00Z',
  last_run_at: '2026-11-23T02:00:00Z',
};

test('a source shows its host, never its whole address, and its own schedule', () => {
  const view = viewOf('m3u', ROW, [{ name: 'epg_source-refresh-3', next_run_at: 'other' }, SCHEDULE]);
  assert.equal(view.place, 'tv.example:8443');
  assert.equal(view.next, SCHEDULE.next_run_at);
  assert.equal(view.read, ROW.updated_at);
  assert.equal(view.event, 'm3u_refresh:3');
  assert.deepEqual(view.rule, { type: 'interval', every: 12, period: 'hours' });
  assert.equal(viewOf('m3u', { ...ROW, is_active: false }, [SCHEDULE]).next, undefined);
  const file = viewOf('epg', { id: 1, name: 'G', file_path: '/data/epgs/0a1b2c3d-guide.xml', status: 'idle' }, []);
  assert.equal(file.place, 'guide.xml');
  assert.equal(file.rule, undefined);
});

test('a status has a colour and words, also one nobody knows', () => {
  assert.deepEqual(stateOf({ status: 'success', isOn: true }), ['teal', 'up to date']);
  assert.deepEqual(stateOf({ status: 'success', isOn: false }), ['gray', 'off']);
  assert.deepEqual(stateOf({ status: 'some_thing', isOn: true }), ['gray', 'some thing']);
  assert.deepEqual(stateOf({ status: 'constructor', isOn: true }), ['gray', 'constructor']);
});

test('what a server said is shown without its markup', () => {
  const said =
    'Not found. Server message: <!DOCTYPE HTML>\n<html><head><title>x</title></head><body><h1>Gone</h1></body>';
  assert.equal(viewOf('m3u', { ...ROW, last_message: said }, []).said, 'Not found. Server message: Gone');
});

test('every failure that a refresh reports has its remedy', () => {
  for (
    const [said, helps] of [
      ['Authentication required (401) for M3U file at URL: x', 'name and password'],
      ["EPG source 'x' access denied (HTTP 403) - check credentials", 'name and password'],
      ['M3U file not found (404) at URL: x', 'not there any more'],
      ["EPG source 'x' rate limited (429) - try again later", 'longer interval'],
      ['Server error (500) while fetching M3U file from URL: x', 'in trouble'],
      ['Timeout while fetching M3U file from URL: x', 'in time'],
      ['Connection error while fetching M3U file from URL: x', 'cannot be reached'],
      ['Server returned HTML page instead of M3U file from URL: x', 'web page'],
      ['Server responded successfully (HTTP 200) but provided empty M3U file from URL: x', 'expired'],
      ['The playlist holds no streams; the ones already here were kept.', 'expired'],
      ['No M3U source available (missing URL and file)', 'address or upload'],
      ['No URL provided and no valid local file exists', 'address or upload'],
      ['Filter 2: the pattern "(" is not a regular expression.', 'filter'],
      ['Refresh did not complete successfully', 'Refresh it again'],
      ['Server provided invalid M3U content from URL: x', 'no playlist or guide'],
      ['something else', 'log says more'],
    ]
  ) assert.ok(remedyOf(said).includes(helps), `${said} → ${remedyOf(said)}`);
});

test('a draft becomes what the server takes, and back', () => {
  const draft = draftOf('m3u', ROW);
  assert.deepEqual(bodyOf('m3u', draft), {
    name: 'Cable',
    is_active: true,
    refresh_interval: 12,
    cron_expression: '',
    server_url: ROW.server_url,
    account_type: 'STD',
    max_streams: 2,
    stale_stream_days: 7,
  });
  const timed = bodyOf('epg', {
    ...draftOf('epg'),
    name: ' G ',
    address: ' http://g.example/x ',
    by: 'cron',
    cron: ' 0  4 * * * ',
  });
  assert.equal(timed.cron_expression, '0 4 * * *');
  assert.equal(timed.refresh_interval, 0);
  assert.equal(timed.url, 'http://g.example/x');
  const form = formOf({ a: true, b: null, c: { d: 1 } }, new File(['x'], 'x.m3u'));
  assert.deepEqual([...form.keys()], ['a', 'b', 'file']);
  assert.equal(form.get('b'), '');
});

test('what is missing is named, and a file is as good as an address', () => {
  const blank = draftOf('m3u');
  assert.deepEqual(Object.keys(faultsOf('m3u', blank)), ['name', 'address']);
  assert.deepEqual(faultsOf('m3u', { ...blank, name: 'x', file: new File([''], 'x') }), {});
  assert.deepEqual(faultsOf('m3u', { ...blank, name: 'x' }, { file_path: '/x' }), {});
  assert.ok(faultsOf('m3u', { ...blank, name: 'x', address: 'ftp://x' }).address);
  assert.ok(faultsOf('m3u', { ...blank, name: 'x', type: 'XC', address: 'http://x' }).username);
  assert.ok(faultsOf('epg', { ...draftOf('epg'), name: 'x', address: 'http://x', by: 'cron', cron: '0 4 *' }).cron);
  assert.deepEqual(faultsOf('epg', { ...draftOf('epg'), name: 'x', type: 'dummy' }), {});
});

test('crontabs in words', () => {
  assert.equal(cronWords('0 4 * * *'), 'every day at 04:00');
  assert.equal(cronWords('15 * * * *'), 'every hour, at :15');
  assert.equal(cronWords('0 */6 * * *'), 'every 6 hours');
  assert.equal(cronWords('*/10 * * * *'), 'every 10 minutes');
  assert.equal(cronWords('30 3,15 * * *'), 'every day at 03:30, 15:30');
  assert.equal(cronWords('0 5 * * 1'), 'Monday at 05:00');
  assert.equal(cronWords('0 5 * * 1-5'), 'Monday to Friday at 05:00');
  assert.equal(cronWords('0 5 1 * *'), 'on day 1 of every month at 05:00');
  assert.equal(cronWords('0 5 1 */2 *'), '0 5 1 */2 *');
  assert.equal(cronWords(undefined), '');
});

test('a running refresh says its step, and how fast and how much longer', () => {
  const said = progressOf({
    type: 'm3u_refresh',
    account: 3,
    action: 'downloading',
    progress: 43.2,
    speed: 812.3,
    time_remaining: 4.2,
    message: 'x',
  });
  assert.equal(said?.id, 'm3u_refresh:3');
  assert.equal(said?.step, 'Downloading');
  assert.equal(said?.pace, '812.3 KB/s · 5 s left');
  const quiet = progressOf({ type: 'epg_refresh', source: 1, action: 'parsing_programs', progress: 0, speed: 0 });
  assert.equal(quiet?.pace, '');
});

test('an account at Schedules Direct has a name and no address, and its refusals say what helps', () => {
  const draft = { ...draftOf('epg'), name: 'x', type: 'schedules_direct' };
  assert.deepEqual(Object.keys(faultsOf('epg', draft)), ['username', 'password']);
  const whole = { ...draft, username: ' ann ', password: 'p' };
  assert.deepEqual(faultsOf('epg', whole), {});
  const body = bodyOf('epg', whole);
  assert.deepEqual([body.source_type, body.url, body.username, body.password], ['schedules_direct', '', 'ann', 'p']);
  // A password that is not shown stays what it is.
  assert.equal('password' in bodyOf('epg', { ...whole, password: '' }), false);
  assert.deepEqual(faultsOf('epg', { ...whole, password: '' }, { username: 'ann' }), {});
  assert.match(remedyOf('Schedules Direct: invalid username or password.'), /account at the provider/);
});
