/** What the overview's readings draw: throughput, backlog by queue, and how long tasks wait and run. */
import { duration, number } from '../../core/format.js';
import { backlogs, latencies, readingOf, speeds } from '../../core/readings.js';
import { Empty } from '../../ui/atoms.js';
import { useNow, useStore, visible } from '../../ui/hooks.js';
import { h, useEffect, useMemo, useState } from '../../ui/kit.js';
import { counts } from '../live.js';
import { Panel } from '../parts.js';
import { Lines } from './lines.js';

/** @typedef {import('../../core/readings.js').Reading} Reading */

/** Five minutes of readings, one every other second. */
const [EVERY, KEPT] = [2_000, 150];
const TONES = ['indigo', 'teal', 'orange', 'grape', 'cyan', 'gray'];

/** What was seen since the page was opened. @param {{queues: any, summary: any, recent: any}} sources @returns {Reading[]} */
export function useReadings({ queues, summary, recent }) {
  const [list, setList] = useState(/** @type {Reading[]} */ ([]));
  const now = useNow(EVERY);
  const latest = useStore(counts);
  const isReady = Boolean(queues.data && summary.data && recent.data);
  useEffect(() => {
    if (!isReady || !visible.get()) return;
    const seen = { queues: queues.data, states: summary.data.states, counts: latest, recent: recent.data?.tasks };
    const reading = readingOf(Date.now(), seen);
    // The first is drawn at once: as it is, it was a moment ago.
    const first = { ...reading, at: reading.at - EVERY };
    setList((/** @type {Reading[]} */ before) => [...(before.length ? before : [first]), reading].slice(-KEPT));
  }, [now, isReady]);
  return list;
}

/** @param {{title: string, icon: string, note: string, points: any[], children?: any}} props */
const Chart = ({ title, icon, note, points, children }) =>
  h(
    Panel,
    { title, icon, note },
    points.length < 2 ? h(Empty, { icon, title: note || 'Collecting readings' }) : children,
  );

/** @param {{readings: Reading[]}} props */
export function Throughput({ readings }) {
  const points = useMemo(() => {
    const found = speeds(readings);
    return found.length === 1 ? [...found, ...found] : found;
  }, [readings]);
  const last = points.at(-1);
  const note = last ? `${number(last.s0, 1)} a second done, ${number(last.s1, 1)} failed` : 'Collecting readings';
  return h(
    Chart,
    { title: 'Throughput', icon: 'activity', note, points },
    h(Lines, {
      points,
      series: [['Done a second', 'teal'], ['Failed a second', 'red']],
      words: (value) => number(value, 1),
    }),
  );
}

/** @param {{readings: Reading[]}} props */
export function Backlog({ readings }) {
  const { series, points } = useMemo(() => backlogs(readings), [readings]);
  const last = readings.at(-1);
  const note = last ? `${number(last.waiting)} waiting` : 'Collecting readings';
  return h(
    Chart,
    {
      title: 'Backlog by queue',
      icon: 'layers',
      note: series.length || !last ? note : 'Nothing waits',
      points: series.length ? points : [],
    },
    h(Lines, { points, series: series.map((name, index) => [name, TONES[index]]), isStacked: true }),
  );
}

/** @param {{readings: Reading[]}} props */
export function Latency({ readings }) {
  const points = useMemo(() => latencies(readings), [readings]);
  const last = readings.at(-1)?.latency;
  const words = (/** @type {number | undefined} */ value) => (value === undefined ? '–' : duration(value));
  return h(
    Chart,
    {
      title: 'Latency of the latest tasks',
      icon: 'timer',
      note: last?.count
        ? `half wait ${words(last.wait)} and run ${words(last.run)} at most`
        : 'No task has finished yet',
      points,
    },
    h(Lines, {
      points,
      series: [['Waiting, half', 'indigo'], ['Waiting, 95 %', 'cyan'], ['Running, half', 'teal'], [
        'Running, 95 %',
        'orange',
      ]],
      words,
    }),
  );
}
