/** What a page of tasks has seen over time, as figures and the points of charts. */
import { time, toDate } from './format.js';

const seconds = (/** @type {unknown} */ at) => {
  const date = toDate(at);
  return date ? date.getTime() / 1000 : undefined;
};

/** The value below which this share of a sorted list lies; undefined without any. @param {number[]} sorted @param {number} share */
export const quantile = (sorted, share) =>
  sorted.length ? sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] : undefined;

/**
 * How long finished tasks waited after they were due, and how long they ran, in seconds: half of them at most, and
 * nearly all at most.
 * @param {any[]} tasks
 */
export function latencyOf(tasks) {
  const [waits, runs] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (const task of tasks) {
    const [began, ended, due] = [task.started_at, task.finished_at, task.eta ?? task.accepted_at].map(seconds);
    if (began === undefined) continue;
    if (due !== undefined) waits.push(Math.max(0, began - due));
    if (ended !== undefined && task.ready) runs.push(Math.max(0, ended - began));
  }
  for (const list of [waits, runs]) list.sort((a, b) => a - b);
  return {
    count: runs.length,
    wait: quantile(waits, 0.5),
    waitMost: quantile(waits, 0.95),
    run: quantile(runs, 0.5),
    runMost: quantile(runs, 0.95),
  };
}

/** One moment. @param {number} at @param {{queues?: any, states?: any, counts?: any, recent?: any[]}} seen `counts` are newer than the others */
export function readingOf(at, { queues, states, counts, recent = [] }) {
  const list = queues?.queues ?? [];
  const known = counts?.states ?? states ?? {};
  const sum = list.reduce((/** @type {number} */ all, /** @type {any} */ one) => all + (one.waiting ?? 0), 0);
  return {
    at,
    waiting: counts?.waiting ?? sum,
    running: counts?.running ?? queues?.running ?? 0,
    done: known.SUCCESS ?? 0,
    failed: known.FAILURE ?? 0,
    backlog: /** @type {Record<string, number>} */ (Object.fromEntries(
      list.map((/** @type {any} */ one) => [one.name, one.waiting ?? 0]),
    )),
    latency: latencyOf(recent),
  };
}

/** @typedef {ReturnType<typeof readingOf>} Reading */

/** Tasks a second, done and failed, between one reading and the next. @param {Reading[]} readings */
export const speeds = (readings) =>
  readings.slice(1).map((now, index) => {
    const before = readings[index];
    const passed = Math.max(0.5, (now.at - before.at) / 1000);
    return {
      x: time(now.at),
      s0: Math.max(0, now.done - before.done) / passed,
      s1: Math.max(0, now.failed - before.failed) / passed,
    };
  });

/** The queues with most waiting, and how much waited in each; the others together. @param {Reading[]} readings @param {number} most */
export function backlogs(readings, most = 5) {
  const peak = /** @type {Map<string, number>} */ (new Map());
  for (const { backlog } of readings) {
    for (const [name, count] of Object.entries(backlog)) peak.set(name, Math.max(count, peak.get(name) ?? 0));
  }
  const ranked = [...peak].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const [names, rest] = [ranked.slice(0, most), ranked.slice(most)];
  const series = rest.length ? [...names, `${rest.length} others`] : names;
  const points = readings.map(({ at, backlog }) => {
    const others = rest.reduce((sum, name) => sum + (backlog[name] ?? 0), 0);
    const values = [...names.map((name) => backlog[name] ?? 0), ...(rest.length ? [others] : [])];
    return { x: time(at), ...Object.fromEntries(values.map((value, index) => [`s${index}`, value])) };
  });
  return { series, points };
}

/** @param {Reading[]} readings */
export const latencies = (readings) =>
  readings.filter(({ latency }) => latency.count > 0).map(({ at, latency }) => ({
    x: time(at),
    s0: latency.wait,
    s1: latency.waitMost,
    s2: latency.run,
    s3: latency.runMost,
  }));

/** A round figure at or above the highest, so that the axis does not jump with each reading. @param {number} most */
export function ceiling(most) {
  if (!(most > 0)) return 1;
  const step = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((times) => times * step).find((one) => one >= most) ?? most;
}

/** Running sums of each point, from the first series to the last. @param {any[]} points @param {string[]} keys */
export const stacked = (points, keys) =>
  points.map((point) => {
    let sum = 0;
    return { ...point, ...Object.fromEntries(keys.map((key) => [key, sum += point[key] ?? 0])) };
  });
