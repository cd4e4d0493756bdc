/** A schedule's rule in words and as the fields of its editor. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';

/** @param {any} rule @returns {string} */
export function ruleWords(rule) {
  if (!isObject(rule)) return 'no rule';
  switch (rule.type) {
    case 'interval':
      return rule.every === 1
        ? `every ${text(rule.period).replace(/s$/, '')}`
        : `every ${text(rule.every)} ${text(rule.period)}`;
    case 'crontab':
      return `${text(rule.crontab)} (${text(rule.timezone)})`;
    case 'clocked':
      return `once, at ${text(rule.at)}`;
    case 'solar':
      return `${text(rule.event).replaceAll('_', ' ')} at ${text(rule.latitude)}, ${text(rule.longitude)}`;
    default:
      return text(rule.type);
  }
}

export const PERIODS = ['seconds', 'minutes', 'hours', 'days'];

/** What the editor starts with. @param {any} [schedule] */
export function draftOf(schedule) {
  const rule = isObject(schedule?.schedule) ? schedule.schedule : { type: 'interval', every: 10, period: 'minutes' };
  return {
    name: text(schedule?.name),
    task: text(schedule?.task),
    kind: rule.type === 'crontab' ? 'crontab' : 'interval',
    every: rule.every ?? 10,
    period: rule.period ?? 'minutes',
    crontab: text(rule.crontab ?? '0 4 * * *'),
    timezone: text(rule.timezone ?? 'UTC'),
    args: JSON.stringify(schedule?.args ?? []),
    kwargs: JSON.stringify(schedule?.kwargs ?? {}),
    queue: text(schedule?.queue),
  };
}

/** The rule that a draft means. @param {ReturnType<typeof draftOf>} draft */
export const ruleOf = (draft) =>
  draft.kind === 'crontab'
    ? { type: 'crontab', crontab: draft.crontab.trim(), timezone: draft.timezone.trim() || 'UTC' }
    : { type: 'interval', every: Number(draft.every), period: draft.period };

/** As the server takes it. @param {ReturnType<typeof draftOf>} draft */
export function bodyOf(draft) {
  const [args, kwargs] = [JSON.parse(draft.args || '[]'), JSON.parse(draft.kwargs || '{}')];
  if (!Array.isArray(args)) throw new Error('Arguments are a list.');
  if (!isObject(kwargs)) throw new Error('Named arguments are an object.');
  return {
    name: draft.name.trim(),
    task: draft.task.trim(),
    schedule: ruleOf(draft),
    args,
    kwargs,
    queue: draft.queue.trim() || null,
  };
}
