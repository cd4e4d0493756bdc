/** Playlists and guides as people see them: where they stand, when they are read next, what went wrong and what helps. */
import { number, plain, text } from './format.js';
import { isObject } from './path.js';

/** What differs between the two, and nothing else: addresses and names as the server has them. */
export const KINDS = /** @type {const} */ ({
  m3u: {
    word: 'Playlist',
    address: 'server_url',
    schedule: 'm3u_account-refresh-',
    event: 'm3u_refresh',
    about: 'account',
    icon: 'list-video',
    tone: 'indigo',
  },
  epg: {
    word: 'Guide',
    address: 'url',
    schedule: 'epg_source-refresh-',
    event: 'epg_refresh',
    about: 'guide',
    icon: 'calendar-days',
    tone: 'teal',
  },
});

/** @typedef {'m3u' | 'epg'} Kind */

/** The host of an address, or what is there instead of one. @param {any} row @param {Kind} kind */
function placeOf(row, kind) {
  const address = text(row[KINDS[kind].address]);
  if (address) {
    try {
      return new URL(address).host || address;
    } catch {
      return address;
    }
  }
  if (row.source_type === 'dummy') return 'from the channels’ names';
  if (row.source_type === 'schedules_direct') return text(row.username);
  return row.file_path ? text(row.file_path).split('/').at(-1)?.replace(/^[0-9a-f]{8}-/, '') ?? '' : '';
}

/** One source, whichever kind it is. @param {Kind} kind @param {any} row @param {any[]} schedules */
export function viewOf(kind, row, schedules) {
  const of = KINDS[kind];
  const schedule = schedules.find((one) => one?.name === `${of.schedule}${row.id}`);
  const rule = text(row.cron_expression)
    ? { type: 'crontab', crontab: text(row.cron_expression), timezone: text(schedule?.schedule?.timezone ?? '') }
    : Number(row.refresh_interval) > 0
    ? { type: 'interval', every: Number(row.refresh_interval), period: 'hours' }
    : undefined;
  return {
    key: `${kind}:${row.id}`,
    event: `${of.event}:${row.id}`,
    kind,
    id: row.id,
    row,
    name: text(row.name),
    type: row.account_type === 'XC' ? 'Xtream Codes' : row.source_type === 'dummy'
      ? 'Made up'
      : row.source_type === 'schedules_direct'
      ? 'Schedules Direct'
      : of.word,
    place: placeOf(row, kind),
    isOn: row.is_active !== false,
    canRefresh: row.is_active !== false && row.source_type !== 'dummy',
    status: text(row.status) || 'idle',
    said: plain(row.last_message, 400),
    read: row.status === 'success' || row.status === 'pending_setup' ? row.updated_at : schedule?.last_run_at,
    next: row.is_active !== false && rule ? schedule?.next_run_at : undefined,
    problem: text(schedule?.problem),
    rule,
    about: `${of.about} ${row.id}`,
  };
}

const STATES = /** @type {Record<string, [string, string]>} */ ({
  idle: ['gray', 'not read yet'],
  fetching: ['blue', 'downloading'],
  parsing: ['blue', 'reading'],
  error: ['red', 'failed'],
  success: ['teal', 'up to date'],
  pending_setup: ['yellow', 'groups to choose'],
  disabled: ['gray', 'off'],
});
/** Colour and words of a status. @param {{status: string, isOn: boolean, row?: any}} source @returns {[string, string]} */
export const stateOf = ({ status, isOn, row }) =>
  row?.source_type === 'dummy'
    ? ['gray', 'nothing to read']
    : isOn
    ? (Object.hasOwn(STATES, status) ? STATES[status] : ['gray', status.replaceAll('_', ' ')])
    : STATES.disabled;

/** Causes by what a refresh said, each with what a person can do about it. */
const REMEDIES = /** @type {[RegExp, string][]} */ ([
  [/invalid (user|password|account)|4003|account (is|has|locked)|api access|not authorized/i, 'Check the account at the provider, and its name and password here.'],
  [/maintenance|is busy/i, 'The provider is busy with itself. It is tried again at the next refresh.'],
  [/no channels mapped|no lineup/i, 'Map channels to its stations, then refresh it again.'],
  [/no .*source available|no url provided|missing url/i, 'Give it an address or upload a file.'],
  [
    /\b(401|403|884)\b|authenticat|forbidden|access denied|credentials/i,
    'Check its name and password, and whether the subscription still runs.',
  ],
  [/\b404\b|not found/i, 'The address is not there any more. Ask the provider for the present one.'],
  [/\b429\b|rate limit/i, 'The provider wants to be asked less often. Choose a longer interval.'],
  [/\b5\d\d\b|server error/i, 'The provider is in trouble. It is tried again at the next refresh.'],
  [/time(d )?out|too long to respond/i, 'The provider did not answer in time. Try it again in a while.'],
  [/link-local|private address|another service/i, 'This address is refused for safety. Use the provider’s public one.'],
  [/too large|too many bytes/i, 'The file is larger than the server takes. Ask the provider for a smaller selection.'],
  [/redirect/i, 'The address leads in circles. Ask the provider for the direct one.'],
  [
    /connection error|unable to connect|has no address|network error/i,
    'It cannot be reached from here. Check the address, its port and the server’s network.',
  ],
  [/html page/i, 'The address leads to a web page. Copy the link of the file itself.'],
  [/error message instead/i, 'The provider says why in its own words, above.'],
  [
    /empty|holds no (streams|channels)/i,
    'The file is there, but nothing is in it: often an expired subscription. What was known before was kept.',
  ],
  [/regular expression|filter \d/i, 'Correct the filter, or delete it.'],
  [/opening file|no such file|valid local file/i, 'The file cannot be read on the server. Upload it again.'],
  [/did not complete/i, 'It was interrupted, perhaps by a restart. Refresh it again.'],
  [
    /non-text|invalid|not xml|malformed|damaged|truncated|unsupported|compress|pars/i,
    'What comes is no playlist or guide. Open the address in a browser to see what it is.',
  ],
]);

/** What helps against a failure; the last resort when nobody knows. @param {string} said */
export const remedyOf = (said) =>
  REMEDIES.find(([cause]) => cause.test(said))?.[1] ?? 'Refresh it again; the task’s log says more.';

/** @typedef {{name: string, address: string, type: string, username: string, password: string, isOn: boolean, by: 'never' | 'hours' | 'cron',
 *   hours: any, cron: string, streams: any, stale: any, file: File | undefined}} Draft */

/** What its form starts with. @param {Kind} kind @param {any} [row] @returns {Draft} */
export const draftOf = (kind, row) => ({
  name: text(row?.name),
  address: text(row?.[KINDS[kind].address]),
  type: kind === 'm3u' ? text(row?.account_type) || 'STD' : text(row?.source_type) || 'xmltv',
  username: text(row?.username),
  password: text(row?.password),
  isOn: row?.is_active !== false,
  by: text(row?.cron_expression) ? 'cron' : row && !(Number(row.refresh_interval) > 0) ? 'never' : 'hours',
  hours: Number(row?.refresh_interval) > 0 ? Number(row.refresh_interval) : 24,
  cron: text(row?.cron_expression) || '0 4 * * *',
  streams: Number(row?.max_streams ?? 0),
  stale: Number(row?.stale_stream_days ?? 7),
  file: undefined,
});

/** What is wrong with a draft, by field. @param {Kind} kind @param {Draft} draft @param {any} [row] */
export function faultsOf(kind, draft, row) {
  const faults = /** @type {Record<string, string>} */ ({});
  if (!draft.name.trim()) faults.name = 'It needs a name.';
  const isDirect = draft.type === 'schedules_direct';
  const needsAddress = draft.type !== 'dummy' && !isDirect && !draft.file && !row?.file_path;
  if (needsAddress && !draft.address.trim()) {
    faults.address = draft.type === 'XC' ? 'Where is the server?' : 'It needs an address or a file.';
  } else if (!isDirect && draft.address.trim() && !/^https?:\/\/[^\s/]+/i.test(draft.address.trim())) {
    faults.address = 'An address begins with http:// or https://.';
  }
  if (draft.type === 'XC' && !draft.username.trim()) faults.username = 'Xtream Codes needs a name.';
  if (isDirect && !draft.username.trim()) faults.username = 'Schedules Direct needs the name of your account.';
  if (isDirect && !draft.password && !row?.username) faults.password = 'And its password.';
  if (draft.by === 'cron' && draft.cron.trim().split(/\s+/).length !== 5) {
    faults.cron = 'Five fields: minute, hour, day of month, month, weekday.';
  }
  if (draft.by === 'hours' && !(Number(draft.hours) >= 1)) faults.hours = 'At least one hour.';
  return faults;
}

/** As the server takes it. @param {Kind} kind @param {Draft} draft @returns {Record<string, any>} */
export function bodyOf(kind, draft) {
  const common = {
    name: draft.name.trim(),
    is_active: draft.isOn,
    refresh_interval: draft.by === 'hours' ? Math.round(Number(draft.hours)) : 0,
    cron_expression: draft.by === 'cron' ? draft.cron.trim().split(/\s+/).join(' ') : '',
    [KINDS[kind].address]: ['dummy', 'schedules_direct'].includes(draft.type) ? '' : draft.address.trim(),
  };
  if (kind === 'epg') {
    const account = draft.type === 'schedules_direct'
      ? { username: draft.username.trim(), ...(draft.password ? { password: draft.password } : {}) }
      : {};
    return { ...common, source_type: draft.type, ...account };
  }
  return {
    ...common,
    account_type: draft.type,
    max_streams: Math.round(Number(draft.streams) || 0),
    stale_stream_days: Math.round(Number(draft.stale) || 0),
    ...(draft.type === 'XC' ? { username: draft.username.trim(), password: draft.password } : {}),
  };
}

/** The same as a form, with the file. @param {Record<string, any>} body @param {File} file @returns {FormData} */
export function formOf(body, file) {
  const form = new FormData();
  for (const [key, value] of Object.entries(body)) if (!isObject(value)) form.set(key, String(value ?? ''));
  form.set('file', file);
  return form;
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const clock = (/** @type {string} */ hour, /** @type {string} */ minute) =>
  `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
const isNumber = (/** @type {string} */ part) => /^\d{1,2}$/.test(part);

/** The common crontabs in words, the others as they are. @param {unknown} line */
export function cronWords(line) {
  const parts = text(line).trim().split(/\s+/);
  const [minute, hour, day, month, weekday] = parts;
  if (parts.length !== 5 || month !== '*') return text(line);
  const every = /^\*\/(\d+)$/;
  if (day === '*' && weekday === '*') {
    if (isNumber(minute) && isNumber(hour)) return `every day at ${clock(hour, minute)}`;
    if (isNumber(minute) && hour === '*') {
      return Number(minute) ? `every hour, at :${minute.padStart(2, '0')}` : 'every hour';
    }
    if (isNumber(minute) && every.test(hour)) {
      const hours = `every ${number(every.exec(hour)?.[1])} hours`;
      return Number(minute) ? `${hours}, at :${minute.padStart(2, '0')}` : hours;
    }
    if (every.test(minute) && hour === '*') return `every ${number(every.exec(minute)?.[1])} minutes`;
    if (isNumber(minute) && hour.split(',').every(isNumber)) {
      return `every day at ${hour.split(',').map((one) => clock(one, minute)).join(', ')}`;
    }
  }
  if (day === '*' && isNumber(minute) && isNumber(hour)) {
    if (weekday === '1-5') return `Monday to Friday at ${clock(hour, minute)}`;
    if (weekday.split(',').every((one) => /^[0-7]$/.test(one))) {
      return `${weekday.split(',').map((one) => DAYS[Number(one)]).join(', ')} at ${clock(hour, minute)}`;
    }
  }
  if (isNumber(day) && weekday === '*' && isNumber(minute) && isNumber(hour)) {
    return `on day ${Number(day)} of every month at ${clock(hour, minute)}`;
  }
  return text(line);
}
