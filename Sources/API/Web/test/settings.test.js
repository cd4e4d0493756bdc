import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf, faultsOf, groupOf, PLACES, shownOf } from '../js/core/settings.js';
import { valuesOf } from '../js/core/values.js';

/** @param {string} key @param {any} value */
const opened = (key, value) => {
  const group = /** @type {any} */ (groupOf(key, value));
  return { group, values: valuesOf(group.fields, shownOf(group, value)) };
};

test('a form that nobody touched changes nothing', () => {
  const stored = /** @type {Record<string, any>} */ ({
    system_settings: {
      time_zone: 'UTC',
      max_system_events: 100,
      preferred_region: null,
      auto_import_mapped_files: true,
      enable_ip_lookup: true,
      catchup_enabled: true,
    },
    stream_settings: {
      m3u_hash_key: 'url,name',
      default_user_agent: 1,
      default_stream_profile: 1,
      hdhr_output_profile_id: null,
      default_output_format: 'mpegts',
    },
    backup_settings: {
      schedule_enabled: true,
      schedule_frequency: 'daily',
      schedule_time: '03:00',
      schedule_day_of_week: 0,
      retention_count: 3,
      schedule_cron_expression: '',
    },
    network_access: {},
  });
  for (const [key, value] of Object.entries(stored)) {
    const { group, values } = opened(key, value);
    assert.deepEqual(changesOf(group, value, values), {}, key);
  }
});

test('lists that are stored as words are lists in the form, and words again', () => {
  const { group, values } = opened('network_access', { UI: '10.0.0.0/8, ::1/128', OTHER: '' });
  assert.deepEqual(values.UI, ['10.0.0.0/8', '::1/128']);
  assert.deepEqual(values.OTHER, []);
  assert.deepEqual(changesOf(group, { UI: '10.0.0.0/8' }, { ...values, UI: ['10.0.0.0/8', '192.168.0.0/16'] }), {
    UI: '10.0.0.0/8,192.168.0.0/16',
  });
  assert.deepEqual(changesOf(group, { UI: '10.0.0.0/8' }, { ...values, UI: [] }), {
    UI: '0.0.0.0/0,::/0',
  });
  assert.deepEqual(opened('network_access', { UI: '0.0.0.0/0,::/0' }).values.UI, []);
});

test('a number that was taken away is nothing, and what other programs stored stays', () => {
  const stored = { hdhr_output_profile_id: 4, m3u_hash_key: 'url', somebody: 'else’s' };
  const { group, values } = opened('stream_settings', stored);
  assert.deepEqual(changesOf(group, stored, { ...values, hdhr_output_profile_id: '' }), {
    hdhr_output_profile_id: null,
  });
});

test('what the server refuses is told beside its field', () => {
  const said =
    'system_settings.time_zone: expected the name of a time zone, got "Mars; or: so"; system_settings.max_system_events: expected 1 to 100000';
  assert.deepEqual(faultsOf(said), {
    time_zone: 'Expected the name of a time zone, got "Mars; or: so"',
    max_system_events: 'Expected 1 to 100000',
  });
  assert.deepEqual(faultsOf('The server answered 500.'), {});
});

test('every group has a place', () => {
  const keys = PLACES.flatMap((one) => one.keys);
  assert.equal(new Set(keys).size, 9);
  for (const key of keys) assert.ok(groupOf(key, {}), key);
});
