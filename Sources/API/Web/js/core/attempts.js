/** A task's attempts, out of the steps that were written down. */
import { text, toDate } from './format.js';

/** What ends an attempt. */
const ENDS = ['success', 'failure', 'retry', 'revoked', 'cancelled', 'lost'];
const when = (/** @type {unknown} */ at) => toDate(at)?.getTime();

/**
 * Each began when it was started, and ended with the next step that ends one, or when the next one began without.
 * @param {any[]} steps oldest first @returns {{number: number, at: unknown, worker: string, end: string, seconds: number | undefined, error: string}[]}
 */
export function attemptsOf(steps) {
  const found = /** @type {any[]} */ ([]);
  for (const step of steps) {
    const what = text(step?.what).toLowerCase();
    const open = found.at(-1);
    if (what === 'started') {
      if (open && !open.end) open.end = 'lost';
      found.push({
        number: found.length + 1,
        at: step.at,
        worker: text(step.worker),
        end: '',
        seconds: undefined,
        error: '',
      });
    } else if (open && !open.end && ENDS.includes(what)) {
      const [began, ended] = [when(open.at), when(step.at)];
      open.end = what;
      open.seconds = began === undefined || ended === undefined ? undefined : (ended - began) / 1000;
      open.error = text(step.error ?? step.reason);
    }
  }
  return found;
}
