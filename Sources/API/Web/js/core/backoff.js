/**
 * How long to wait before attempt `n` (from 0), in milliseconds: doubling from 0.5 s to 30 s, half of it random,
 * so that a thousand pages do not return to a restarted server in the same instant.
 * @param {number} attempt @param {() => number} [random]
 */
export function backoff(attempt, random = Math.random) {
  const whole = Math.min(30_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(whole / 2 + (random() * whole) / 2);
}
