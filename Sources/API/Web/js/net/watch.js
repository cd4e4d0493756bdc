/**
 * Data sources that the server asks on behalf of everybody who has them open: this page says what it shows, is told when
 * that changes, and says every few seconds that it is still there.
 */
import { ApiError, request } from './api.js';
import { connection, onTopic } from './socket.js';

/** Until the first answer, and after a request that did not get through. Milliseconds. */
const SOON = 1000;
/** What is let go is often held again a moment later, by the next page. Milliseconds. */
const LINGER = 300;
/** This page, among all that one person has open. */
const ME = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** How often each topic is held here. */
const holds = /** @type {Map<string, number>} */ (new Map());

/** @param {string} path @param {string} topic */
function leave(path, topic) {
  holds.set(topic, (holds.get(topic) ?? 0) - 1);
  setTimeout(() => {
    if ((holds.get(topic) ?? 0) > 0) return;
    holds.delete(topic);
    // When it does not get through, the watch ends by itself half a minute later.
    request('POST', `${path}unwatch/`, { watcher: ME, sources: [topic] }).catch(() => {});
  }, LINGER);
}

/**
 * @param {string} plugin its key
 * @param {{kind: string, name: string, params: object, allow_disabled?: boolean}} question
 * @param {number} interval seconds
 * @param {{answer: (result: any) => void, error: (error: ApiError) => void, refused: () => void, same?: (asked: string) => void}} heard
 *   `refused`: the server does not do it, so whoever wants the data asks for it; `same`: it asked then, and nothing is new
 */
export function watch(plugin, question, interval, heard) {
  const path = `/api/plugins/plugins/${encodeURIComponent(plugin)}/ui/`;
  let version = '';
  let topic = '';
  let over = false;
  let turn = 0;
  let timer = /** @type {any} */ (undefined);
  let drop = () => {};

  /** @param {any} news */
  function take(news) {
    if (news.version === version && news.asked_at) heard.same?.(news.asked_at);
    if (news.answer === undefined || news.version === version) return;
    version = news.version;
    const { answer } = news;
    if (answer.success === true) heard.answer(answer.result);
    else heard.error(new ApiError(String(answer.error ?? 'It failed.'), 500, answer.code, answer));
  }

  /** @param {string} source */
  function hold(source) {
    topic = source;
    holds.set(topic, (holds.get(topic) ?? 0) + 1);
    const told = (/** @type {any} */ data) => {
      if (data.type !== 'source_data' || data.source !== topic || over) return;
      // A long answer is not told; who wants it asks for it.
      data.answer === undefined && data.version !== version ? void say() : take(data);
    };
    // What was told before then was missed.
    drop = onTopic(topic, told, () => over || void say());
  }

  /** @param {object} [more] */
  async function say(more) {
    const mine = ++turn;
    clearTimeout(timer);
    let pause = SOON;
    try {
      const standing = await request('POST', `${path}watch/`, { watcher: ME, interval, version, ...question, ...more });
      if (!topic) hold(standing.source);
      // It was let go while the answer was on its way.
      if (over) return release();
      take(standing);
      if (standing.state !== 'pending') {
        pause = 1000 * (connection.get().state === 'live' ? standing.renew_after : interval);
      }
    } catch (error) {
      if (over) return;
      if (!(error instanceof ApiError) || error.status !== 0) {
        stop();
        return heard.refused();
      }
      heard.error(error);
      // What comes next is shown, also when it is what was there before.
      version = '';
    }
    if (mine === turn && !over) timer = setTimeout(say, pause);
  }

  function release() {
    drop();
    drop = () => {};
    if (topic) leave(path, topic);
    topic = '';
  }

  function stop() {
    over = true;
    clearTimeout(timer);
    release();
  }

  void say();
  return { stop, ask: () => void say({ now: true }) };
}
