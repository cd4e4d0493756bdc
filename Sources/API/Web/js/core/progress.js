/** Refresh progress (`m3u_refresh`, `epg_refresh`) as one notification per source that is updated in place. */
import { bytes, cut, duration, number, plain, text, words } from './format.js';

const STEPS = /** @type {Record<string, string>} */ ({
  downloading: 'Downloading',
  processing_groups: 'Reading groups',
  parsing: 'Reading streams',
  vod_refresh: 'Reading films and series',
  extracting: 'Unpacking',
  parsing_channels: 'Reading channels',
  parsing_programs: 'Reading programmes',
  refresh: 'Refreshing',
});
/** The step whose 100 % ends the whole refresh. */
const LAST = /** @type {Record<string, string[]>} */ ({
  m3u_refresh: ['parsing', 'vod_refresh'],
  epg_refresh: ['parsing_programs', 'refresh'],
});

/** @param {any} data */
function counts(data) {
  const named = [
    ['streams_created', 'new'],
    ['streams_updated', 'changed'],
    ['streams_stale', 'stale'],
    ['streams_deleted', 'removed'],
    ['channels', 'channels'],
    ['programs', 'programmes'],
  ];
  return named.filter(([key]) => typeof data[key] === 'number' && data[key] > 0).map(([key, word]) =>
    `${number(data[key])} ${word}`
  ).join(', ');
}

/** @param {any} data */
function running(data) {
  const parts = [text(data.message)];
  const done = data.streams_processed ?? data.processed;
  if (!parts[0] && typeof done === 'number') {
    parts.push(`${number(done)}${data.total ? ` of ${number(data.total)}` : ''}`);
  }
  return [...parts, paceOf(data)].filter(Boolean).join(' · ');
}

/** @param {any} data */
function paceOf({ speed, time_remaining: left }) {
  const parts = [];
  if (typeof speed === 'number' && speed > 0) parts.push(`${bytes(speed * 1024)}/s`);
  if (typeof left === 'number' && left > 0) parts.push(`${left < 60 ? `${Math.ceil(left)} s` : duration(left)} left`);
  return parts.join(' · ');
}

/**
 * A description of the toast an event calls for, or undefined for events that are no progress.
 * @param {any} data @returns {{id: string, title: string, message: string, percent: number, tone: string, done: boolean, step: string, pace: string} | undefined}
 *   `step` is what it does, `pace` how fast and how much longer
 */
export function progressOf(data) {
  const m3u = data?.type === 'm3u_refresh';
  if (!m3u && data?.type !== 'epg_refresh') return undefined;
  const source = text(m3u ? data.account : data.source) || 'all';
  const name = text(data.account_name ?? data.source_name ?? data.name) || `${m3u ? 'Playlist' : 'Guide'} ${source}`;
  const percent = Math.min(100, Math.max(0, Number(data.progress) || 0));
  const action = text(data.action);
  const step = Object.hasOwn(STEPS, action) ? STEPS[action] : words(action) || 'Refreshing';
  const base = { id: `${data.type}:${source}`, percent, step, pace: paceOf(data) };
  if (data.error || data.status === 'error') {
    return {
      ...base,
      title: `${name}: refresh failed`,
      message: plain(data.error ?? data.message, 300),
      tone: 'red',
      done: true,
    };
  }
  // Where a playlist's groups alone were read, that was all.
  const ends = LAST[data.type].includes(action) || data.status === 'pending_setup';
  const done = percent >= 100 && ends &&
    !/^(parsing|fetching|processing)/.test(text(data.status));
  if (!done) {
    return { ...base, title: `${name}: ${step.toLowerCase()}`, message: cut(running(data), 300), tone: 'blue', done };
  }
  return {
    ...base,
    title: `${name}: refreshed`,
    message: cut(data.message || counts(data) || 'Complete', 300),
    tone: 'teal',
    done,
  };
}
