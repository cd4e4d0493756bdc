/** What a task said, line by line as it says it. */
import { linesOf } from '../../core/log.js';
import { paths } from '../../net/tasks.js';
import { pending } from '../../ui/atoms.js';
import { h, useMemo, useRef } from '../../ui/kit.js';
import { LogView } from '../../components/realtime/logview.js';
import { useApi } from '../parts.js';

/** As high as its lines, within reason. Pixels. */
const [LINE, FRAME, LEAST, MOST] = [21, 24, 90, 340];

/** @param {{id: string, ready?: boolean, most?: number}} props */
export function TaskLog({ id, ready = false, most = MOST }) {
  // Its lines are told to nobody; whoever looks at them asks, until it is over.
  const source = useApi(paths.logs(id), ready ? 0 : 1);
  const before = useRef(/** @type {import('../../core/log.js').Lines} */ ({ entries: [], lines: [] }));
  const lines = useMemo(() => {
    before.current = linesOf(source.data?.logs ?? [], before.current);
    return before.current.lines;
  }, [source.data]);
  return h(LogView, {
    title: 'Log',
    lines,
    height: Math.min(most, Math.max(LEAST, lines.length * LINE + FRAME)),
    blank: pending(source, { lines: 4 }) ?? 'It has said nothing.',
    name: `${id}.log`,
  });
}
