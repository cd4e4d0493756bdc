/** Who answers a page: the server, for a plugin that is installed. The playground puts a pretended one in its place. */
import { plugins, request } from '../net/api.js';
import { saveSettings } from '../net/catalogue.js';

/**
 * @typedef {{
 *   run: (action: string, params: object, files?: Record<string, File[]>, progress?: (share: number) => void) => Promise<any>,
 *   resource: (id: string, params: object, allowDisabled: boolean) => Promise<any>,
 *   fetch: (method: string, url: string, body: unknown, headers: Record<string, string>) => Promise<any>,
 *   save: (settings: object) => Promise<void>,
 * }} Host
 */

/** @param {string} key @returns {Host} */
export const serverHost = (key) => ({
  run: (action, params, files, progress) => plugins.run(key, action, params, files, progress),
  resource: (id, params, allowDisabled) => plugins.resource(key, id, params, allowDisabled),
  fetch: (method, url, body, headers) => request(method, url, body, { headers }),
  save: (settings) => saveSettings(key, settings),
});
