/** What a task said, line by line as it says it. */
import { linesOf } from '../../core/log.js';
import { pending } from '../../ui/atoms.js';
import { h, useMemo, useRef } from '../../ui/kit.js';
import { LogView } from '../../components/realtime/logview.js';
import { useTaskLog } from './reports.js';

/** As high as its lines, within reason. Pixels. */
const [LINE, FRAME, LEAST, MOST] = [21, 24, 90, 340];

/** @param {{id: string, ready?: boolean, most?: number}} props */
export function TaskLog({ id, ready = false, most = MOST }) {
  const { source, entries } = useTaskLog(id, ready);
  const before = useRef(/** @type {import('../../core/log.js').Lines} */ ({ entries: [], lines: [] }));
  const lines = useMemo(() => {
    before.current = linesOf(entries, before.current);
    return before.current.lines;
  }, [entries]);
  return h(LogView, {
    title: 'Log',
    lines,
    height: Math.min(most, Math.max(LEAST, lines.length * LINE + FRAME)),
    blank: pending(source, { lines: 4 }) ?? 'It has said nothing.',
    name: `${id}.log`,
  });
}
