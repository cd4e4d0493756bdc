/** Who answers a page: the server, for a plugin that is installed. The playground puts a pretended one in its place. */
import { plugins, request } from '../net/api.js';
import { saveSettings } from '../net/catalogue.js';
import { follow } from '../net/following.js';
import { watch } from '../net/watch.js';

/**
 * @typedef {{id: string, percent: number | undefined, message: string}} Going how far a task is
 * @typedef {{files?: Record<string, File[]>, sent?: (share: number) => void, going?: (task: Going) => void}} Ways
 *   `sent` hears how much of the files has left, `going` of an action that goes on as a task
 * @typedef {{
 *   run: (action: string, params: object, ways?: Ways) => Promise<any>,
 *   resource: (id: string, params: object, allowDisabled: boolean) => Promise<any>,
 *   fetch: (method: string, url: string, body: unknown, headers: Record<string, string>) => Promise<any>,
 *   save: (settings: object) => Promise<void>,
 *   keep: (field: string, file: File, sent: (share: number) => void) => Promise<{value: string, name: string, size: number}>,
 *   outside?: (url: string, params: object) => Promise<any>,
 *   watch?: (question: Parameters<typeof watch>[1], seconds: number, heard: Parameters<typeof watch>[3]) => ReturnType<typeof watch>,
 * }} Host `outside` reads another site; `watch` asks a source again and again for everybody
 */

/**
 * What came of a call; one that takes long goes on as a task, and is waited for.
 * @param {any} answer @param {(task: Going) => void} [going]
 */
const resultOf = (answer, going = () => {}) =>
  answer.result === undefined && answer.task_id ? follow(String(answer.task_id), going) : answer.result;

/** @param {string} key @returns {Host} */
export const serverHost = (key) => ({
  run: async (action, params, { files, sent, going } = {}) =>
    resultOf(await plugins.run(key, action, params, files, sent), going),
  resource: async (id, params, allowDisabled) => resultOf(await plugins.resource(key, id, params, allowDisabled)),
  fetch: (method, url, body, headers) => request(method, url, body, { headers }),
  save: (settings) => saveSettings(key, settings),
  keep: (field, file, sent) => plugins.keep(key, field, file, sent),
  outside: async (url, params) => resultOf(await plugins.outside(key, url, params)),
  watch: (question, seconds, heard) => watch(key, question, seconds, heard),
});
