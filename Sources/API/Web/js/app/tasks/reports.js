/**
 * What the server tells of tasks that are open on this page: how far they are and what they say, each on a topic of its
 * own, `task:<id>`, asked for while the page can be seen.
 */
import { calmly } from '../../core/calm.js';
import { text } from '../../core/format.js';
import { TaskLog } from '../../core/tasklog.js';
import { auth } from '../../net/auth.js';
import { connection, onTopic } from '../../net/socket.js';
import { paths, tasks } from '../../net/tasks.js';
import { useEvent, useStore, visible } from '../../ui/hooks.js';
import { useEffect, useMemo, useRef, useState } from '../../ui/kit.js';
import { ADMINISTRATOR, useLive } from '../live.js';

/** Ids that a topic's name may hold; those of Celery all are. Others are looked at as seldom as lists are. */
const NAME = /^[\w.:/-]{1,190}$/;
/** Between two readings of a log whose lines come too fast to be told. Milliseconds. */
const CALM = 1_000;

/**
 * Hears of a task while the page can be seen; `ready` once the server tells, as what happened before then was missed.
 * @param {string} id @param {(report: any) => void} heard @param {() => void} ready
 */
function onReports(id, heard, ready) {
  if (!NAME.test(id) || Number(auth.get().user?.level ?? 0) < ADMINISTRATOR) return () => {};
  const hear = (/** @type {any} */ data) => data.type === 'task_report' && data.task_id === id && heard(data);
  let stop = /** @type {(() => void) | undefined} */ (undefined);
  const turn = () => {
    if (visible.get()) return void (stop ??= onTopic(`task:${id}`, hear, ready));
    stop?.();
    stop = undefined;
  };
  turn();
  const seen = visible.subscribe(turn);
  return () => {
    seen();
    stop?.();
  };
}

/** How far a task is, as was told last: `{state, progress}`; undefined while nothing is told, and what was read counts.
 *  @param {string} id @param {boolean} isOn @param {() => void} missed what is told begins here: what was read before may be old */
export function useReport(id, isOn, missed) {
  const [said, say] = useState(/** @type {any} */ (undefined));
  const begin = useEvent(() => {
    say(undefined);
    missed();
  });
  useEffect(() => {
    if (!isOn) return undefined;
    const lost = () => connection.get().state !== 'live' && say(undefined);
    const stops = [onReports(id, say, begin), connection.subscribe(lost)];
    return () => {
      stops.forEach((stop) => stop());
      say(undefined);
    };
  }, [id, isOn]);
  return isOn && text(said?.task_id) === id ? said : undefined;
}

/** What a task said, and says: read once, then told. @param {string} id @param {boolean} isOver */
export function useTaskLog(id, isOver) {
  const log = useMemo(() => new TaskLog(() => tasks.get(paths.logs(id))), [id]);
  // It is read once more when the task is over.
  const source = useLive(paths.logs(id), [], isOver ? 0 : 3, log.read);
  const refresh = useEvent(() => source.refresh());
  const calm = useMemo(() => calmly(refresh, CALM), [log]);
  // Its last lines may come after its end; of one that was over before, nothing comes.
  const wasOpen = useRef(!isOver);
  wasOpen.current ||= !isOver;
  useEffect(() => {
    if (!wasOpen.current) return undefined;
    const hear = (/** @type {any} */ { log: told }) => told && (log.hear(told) || calm.call());
    const stop = onReports(id, hear, calm.call);
    return () => {
      stop();
      calm.stop();
    };
  }, [log, wasOpen.current]);
  return { source, entries: useStore(log.entries) };
}
