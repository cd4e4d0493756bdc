/** Log lines out of whatever a plugin sends: text, records, or lists of them. */
import { json, text, toDate } from './format.js';
import { isObject } from './path.js';

const LEVELS = /** @type {Record<string, string>} */ ({
  warn: 'warning',
  warning: 'warning',
  err: 'error',
  error: 'error',
  fatal: 'error',
  critical: 'error',
  debug: 'debug',
  trace: 'debug',
  notice: 'info',
});
/** ANSI colours and other terminal orders, and control characters: shown as nothing. */
const CONTROL = /\u001b\[[\d;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g;
const LONGEST_LINE = 4000;

/** @param {any} entry @returns {{at: Date | undefined, level: string, words: string}} */
export function lineOf(entry) {
  if (!isObject(entry)) {
    const words = text(entry).replace(CONTROL, '').slice(0, LONGEST_LINE);
    const level = /\b(error|critical|fatal|traceback)\b/i.test(words)
      ? 'error'
      : /\bwarn(ing)?\b/i.test(words)
      ? 'warning'
      : /\bdebug\b/i.test(words)
      ? 'debug'
      : 'info';
    return { at: undefined, level, words };
  }
  const { level, levelname, severity, message, msg, text: said, line, entry: inner, timestamp, time, ts, at, ...rest } =
    entry;
  const words = message ?? msg ?? said ?? line ?? (isObject(inner) ? json(inner) : inner) ?? json(rest);
  const name = text(level ?? levelname ?? severity).toLowerCase();
  return {
    at: toDate(timestamp ?? time ?? ts ?? at),
    level: Object.hasOwn(LEVELS, name) ? LEVELS[name] : 'info',
    words: text(words).replace(CONTROL, '').slice(0, LONGEST_LINE),
  };
}

/** @param {unknown} value @returns {unknown[]} */
export const entriesOf = (
  value,
) => (Array.isArray(value)
  ? value
  : value === undefined || value === null || value === ''
  ? []
  : typeof value === 'string'
  ? value.split('\n')
  : [value]);

/** @typedef {{id: number, at: Date | undefined, level: string, words: string}} Line */
/** @typedef {{entries: readonly unknown[], lines: Line[]}} Lines */

let made = 0;
/** A line of its own, to be told from others that say the same. @param {unknown} entry @param {Date} [at] when it came @returns {Line} */
export function newLine(entry, at) {
  const line = lineOf(entry);
  return { id: ++made, ...line, at: line.at ?? at };
}

/** Beginnings of the old list that are compared with the new one. */
const TRIES = 20;

/**
 * The lines of a list. A log mostly grows at its end and loses its beginning: entries that were there before keep
 * their lines, so that only what is new is drawn.
 * @param {readonly unknown[]} entries @param {Lines} before @returns {Lines}
 */
export function linesOf(entries, before) {
  let from = -1;
  for (let turn = 0; turn < TRIES; turn++) {
    from = before.entries.indexOf(entries[0], from + 1);
    if (from < 0) break;
    const shared = Math.min(entries.length, before.entries.length - from);
    let same = 0;
    while (same < shared && entries[same] === before.entries[from + same]) same += 1;
    if (same < shared) continue;
    const lines = before.lines.slice(from, from + shared);
    for (const entry of entries.slice(shared)) lines.push(newLine(entry));
    return { entries, lines };
  }
  return { entries, lines: entries.map((entry) => newLine(entry)) };
}
