/** A schedule's rule in words and as the fields of its editor. */
import { datetime, text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { cronWords } from '../../core/sources.js';

/** @param {any} rule @returns {string} */
export function ruleWords(rule) {
  if (!isObject(rule)) return 'no rule';
  switch (rule.type) {
    case 'interval':
      return rule.every === 1
        ? `every ${text(rule.period).replace(/s$/, '')}`
        : `every ${text(rule.every)} ${text(rule.period)}`;
    case 'crontab':
      return `${cronWords(rule.crontab)} (${text(rule.timezone)})`;
    case 'clocked':
      return `once, at ${datetime(rule.at)}`;
    case 'solar':
      return `${text(rule.event).replaceAll('_', ' ')} at ${text(rule.latitude)}, ${text(rule.longitude)}`;
    default:
      return text(rule.type);
  }
}

export const KINDS = ['interval', 'crontab', 'clocked', 'solar'];
export const PERIODS = ['seconds', 'minutes', 'hours', 'days'];
export const SUNS = [
  'dawn_astronomical',
  'dawn_nautical',
  'dawn_civil',
  'sunrise',
  'solar_noon',
  'sunset',
  'dusk_civil',
  'dusk_nautical',
  'dusk_astronomical',
];

/** What the editor starts with. @param {any} [schedule] */
export function draftOf(schedule) {
  const rule = isObject(schedule?.schedule) ? schedule.schedule : { type: 'interval', every: 10, period: 'minutes' };
  return {
    name: text(schedule?.name),
    task: text(schedule?.task),
    kind: KINDS.includes(rule.type) ? rule.type : 'interval',
    every: rule.every ?? 10,
    period: rule.period ?? 'minutes',
    crontab: text(rule.crontab ?? '0 4 * * *'),
    timezone: text(rule.timezone ?? 'UTC'),
    at: text(rule.at),
    event: text(rule.event ?? 'sunset'),
    latitude: rule.latitude ?? 0,
    longitude: rule.longitude ?? 0,
    args: JSON.stringify(schedule?.args ?? []),
    kwargs: JSON.stringify(schedule?.kwargs ?? {}),
    queue: text(schedule?.queue),
    description: text(schedule?.description),
    missed: text(schedule?.missed ?? 'latest'),
    overlap: text(schedule?.overlap ?? 'allow'),
    jitter: schedule?.jitter_seconds ?? 0,
    oneOff: schedule?.one_off === true,
    start: text(schedule?.start_time),
    expires: text(schedule?.expires),
  };
}

/** The rule that a draft means. @param {ReturnType<typeof draftOf>} draft */
export function ruleOf(draft) {
  switch (draft.kind) {
    case 'crontab':
      return { type: 'crontab', crontab: draft.crontab.trim(), timezone: draft.timezone.trim() || 'UTC' };
    case 'clocked':
      return { type: 'clocked', at: draft.at };
    case 'solar':
      return {
        type: 'solar',
        event: draft.event,
        latitude: Number(draft.latitude),
        longitude: Number(draft.longitude),
      };
    default:
      return { type: 'interval', every: Number(draft.every), period: draft.period };
  }
}

/** As the server takes it; of the finer points only what differs from what was. @param {ReturnType<typeof draftOf>} draft @param {any} [schedule] */
export function bodyOf(draft, schedule) {
  const [args, kwargs] = [JSON.parse(draft.args || '[]'), JSON.parse(draft.kwargs || '{}')];
  if (!Array.isArray(args)) throw new Error('Arguments are a list.');
  if (!isObject(kwargs)) throw new Error('Named arguments are an object.');
  if (!draft.name.trim() || !draft.task.trim()) throw new Error('A schedule has a name and a task.');
  if (draft.kind === 'clocked' && !draft.at) throw new Error('Say when it runs.');
  const before = draftOf(schedule);
  const finer = /** @type {[keyof typeof before, string, any][]} */ ([
    ['description', 'description', draft.description.trim()],
    ['missed', 'missed', draft.missed],
    ['overlap', 'overlap', draft.overlap],
    ['jitter', 'jitter_seconds', Number(draft.jitter) || 0],
    ['oneOff', 'one_off', draft.oneOff],
    ['start', 'start_time', draft.start || null],
    ['expires', 'expires', draft.expires || null],
  ]);
  return {
    name: draft.name.trim(),
    task: draft.task.trim(),
    schedule: ruleOf(draft),
    args,
    kwargs,
    queue: draft.queue.trim() || null,
    ...Object.fromEntries(
      finer.filter(([key]) => String(draft[key]) !== String(before[key])).map(([, name, value]) => [name, value]),
    ),
  };
}
