/** The server's settings in people's words: what each group is about, and its fields. */

/** @typedef {{key: string, title: string, icon: string, about: string, fields: any[], warning?: string}} Group */

const seconds = (
  /** @type {string} */ id,
  /** @type {string} */ label,
  /** @type {string} */ help,
  min = 0,
  max = 300,
) => ({
  id,
  label,
  help,
  type: 'number',
  unit: 's',
  min,
  max,
  integer: true,
});
const choice = (/** @type {string} */ id, /** @type {string} */ label, /** @type {any[]} */ options, help = '') => ({
  id,
  label,
  help,
  type: 'select',
  required: true,
  options,
});
const when = (/** @type {string} */ path, /** @type {any} */ equals) => ({
  visibleWhen: { path: `values.${path}`, equals },
});
const words = (/** @type {string} */ id, /** @type {string} */ label, help = '', more = {}) => ({
  id,
  label,
  help,
  type: 'string',
  ...more,
});
const flag = (/** @type {string} */ id, /** @type {string} */ label, help = '') => ({
  id,
  label,
  help,
  type: 'boolean',
});
export const list = (/** @type {string} */ id, /** @type {string} */ label, help = '', more = {}) => ({
  id,
  label,
  help,
  type: 'tags',
  fullWidth: true,
  ...more,
});

const WEEK = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const PARTS = [['name', 'Name'], ['url', 'Address'], ['tvg_id', 'Guide id'], ['m3u_id', 'Playlist'], [
  'group',
  'Group',
]];

/** @type {Group[]} */
export const GROUPS = [
  {
    key: 'system_settings',
    title: 'System',
    icon: 'server-cog',
    about: 'Time, events, and what is done by itself.',
    fields: [
      {
        id: 'time_zone',
        label: 'Time zone',
        type: 'select',
        required: true,
        searchable: true,
        help: 'Crontabs that followed the old one move along.',
      },
      words(
        'preferred_region',
        'Preferred region',
        'Two letters, such as us or de; decides between guides of one channel.',
        { maxLength: 16 },
      ),
      { id: 'max_system_events', label: 'Events that are kept', type: 'number', min: 1, max: 100_000, integer: true },
      flag(
        'auto_import_mapped_files',
        'Import mapped files',
        'Playlists and guides that appear in the data folder are added.',
      ),
      flag('enable_ip_lookup', 'Look up the public address'),
      flag('catchup_enabled', 'Catch-up', 'Channels whose provider records them can be watched later.'),
    ],
  },
  {
    key: 'stream_settings',
    title: 'Streams',
    icon: 'radio-tower',
    about: 'How streams are told apart, and what they are played with.',
    warning:
      'With other parts every stream gets a new identity: a task computes them all anew, and streams that agree become one.',
    fields: [
      {
        id: 'm3u_hash_key',
        label: 'What tells two streams apart',
        type: 'multiselect',
        required: true,
        fullWidth: true,
        options: PARTS.map(([value, label]) => ({ value, label })),
      },
      {
        id: 'default_user_agent',
        label: 'User agent',
        type: 'number',
        min: 1,
        integer: true,
        help: 'The number of the one that downloads use.',
      },
      {
        id: 'default_stream_profile',
        label: 'Stream profile',
        type: 'number',
        min: 1,
        integer: true,
        help: 'Its number.',
      },
      {
        id: 'hdhr_output_profile_id',
        label: 'Output profile of the tuner',
        type: 'number',
        min: 1,
        integer: true,
        help: 'Its number. Empty: none.',
      },
      words('default_output_format', 'Output format', 'Such as mpegts', { required: true, maxLength: 50 }),
    ],
  },
  {
    key: 'epg_settings',
    title: 'Matching guides',
    icon: 'calendar-search',
    about: 'What is left out of names when channels look for their guide.',
    fields: [
      choice('epg_match_mode', 'How names are compared', [{ value: 'default', label: 'As they are' }, {
        value: 'advanced',
        label: 'Without what is named below',
      }]),
      list(
        'epg_match_ignore_prefixes',
        'Beginnings to leave out',
        'Such as “US:”. Enter ends one.',
        when('epg_match_mode', 'advanced'),
      ),
      list('epg_match_ignore_suffixes', 'Endings to leave out', 'Such as “HD”', when('epg_match_mode', 'advanced')),
      list('epg_match_ignore_custom', 'Other words to leave out', '', when('epg_match_mode', 'advanced')),
    ],
  },
  {
    key: 'proxy_settings',
    title: 'Playing',
    icon: 'cast',
    about: 'Patience with streams that stutter, and with viewers who come and go.',
    fields: [
      seconds('buffering_timeout', 'Stutter for', 'Longer than this, the next stream is tried.'),
      {
        id: 'buffering_speed',
        label: 'Stutter below',
        type: 'number',
        min: 0.1,
        max: 10,
        step: 0.1,
        unit: '×',
        help: 'Slower than this share of real time counts as stuttering.',
      },
      seconds('redis_chunk_ttl', 'Pieces are kept', '', 10, 3600),
      seconds('new_client_behind_seconds', 'New viewers start behind', 'The larger, the steadier.'),
      seconds('channel_init_grace_period', 'A channel may take to start', ''),
      seconds('channel_client_wait_period', 'Wait for the first viewer', ''),
      seconds('channel_shutdown_delay', 'Play on without viewers', ''),
    ],
  },
  {
    key: 'user_limit_settings',
    title: 'Limits of viewers',
    icon: 'users-round',
    about: 'What happens when somebody opens more streams than they may.',
    fields: [
      flag('terminate_on_limit_exceeded', 'End another of their streams', 'Otherwise the new one is refused.'),
      flag('terminate_oldest', 'The oldest one', 'Otherwise the newest.'),
      flag('prioritize_single_client_channels', 'Rather one that nobody else watches'),
      flag('ignore_same_channel_connections', 'The same channel twice counts once'),
    ],
  },
  {
    key: 'dvr_settings',
    title: 'Recordings',
    icon: 'disc',
    about: 'Where recordings go, how they are called, and what is cut.',
    fields: [
      words('tv_template', 'Episodes', 'Folders and name, with {show}, {season}, {episode} and the like.', {
        required: true,
        fullWidth: true,
      }),
      words('tv_fallback_dir', 'Folder of episodes without a number'),
      words('tv_fallback_template', 'Episodes without a number', '', { required: true }),
      words('movie_template', 'Films', 'With {title} and {year}', { required: true }),
      words('movie_fallback_template', 'Films without a year', '', { required: true }),
      {
        id: 'pre_offset_minutes',
        label: 'Begin earlier',
        type: 'number',
        unit: 'min',
        min: 0,
        max: 1440,
        integer: true,
      },
      { id: 'post_offset_minutes', label: 'End later', type: 'number', unit: 'min', min: 0, max: 1440, integer: true },
      flag('comskip_enabled', 'Find advertisements', 'With comskip, once a recording is over.'),
      {
        ...choice('comskip_mode', 'And then', [{ value: 'cut', label: 'cut them out' }, {
          value: 'mark',
          label: 'mark them',
        }]),
        ...when('comskip_enabled', true),
        required: false,
      },
      words('comskip_hw_accel', 'Hardware', 'Such as none or cuda', when('comskip_enabled', true)),
      words('comskip_custom_path', 'comskip’s own settings', 'The path of its file', {
        ...when('comskip_enabled', true),
        fullWidth: true,
      }),
    ],
  },
  {
    key: 'backup_settings',
    title: 'Backups',
    icon: 'archive',
    about: 'When everything is copied, and how many copies are kept.',
    fields: [
      flag('schedule_enabled', 'Back up by itself'),
      {
        id: 'retention_count',
        label: 'Copies that are kept',
        type: 'number',
        min: 0,
        max: 10_000,
        integer: true,
        help: '0: all of them',
      },
      {
        ...choice('schedule_frequency', 'How often', [{ value: 'daily', label: 'Every day' }, {
          value: 'weekly',
          label: 'Every week',
        }]),
        ...when('schedule_enabled', true),
      },
      { id: 'schedule_time', label: 'At', type: 'time', ...when('schedule_enabled', true) },
      {
        ...choice('schedule_day_of_week', 'On', WEEK.map((label, value) => ({ value, label }))),
        visibleWhen: {
          all: [{ path: 'values.schedule_enabled', equals: true }, {
            path: 'values.schedule_frequency',
            equals: 'weekly',
          }],
        },
      },
      words(
        'schedule_cron_expression',
        'Or by a crontab',
        'minute hour day-of-month month weekday; empty: as above',
        when('schedule_enabled', true),
      ),
    ],
  },
  {
    key: 'plugin_repo_settings',
    title: 'Plugins from repositories',
    icon: 'blocks',
    about: 'How often repositories are asked for new versions.',
    fields: [{
      id: 'refresh_interval_hours',
      label: 'Ask every',
      type: 'number',
      unit: 'h',
      min: 0,
      max: 8760,
      integer: true,
      help: '0: never',
    }],
  },
];
