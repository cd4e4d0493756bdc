/** The REST interface of the plugin repositories. */
import { request } from './api.js';

const REPOS = '/api/plugins/repos/';
const of = (/** @type {number} */ id, verb = '') => `${REPOS}${encodeURIComponent(id)}/${verb && `${verb}/`}`;
/** Reading a repository, or a plugin's archive, waits for somebody else's server. Milliseconds. */
const SLOW = { deadline: 300_000 };

export const paths = { repos: REPOS, available: `${REPOS}available/`, settings: `${REPOS}settings/` };

export const hub = {
  /** @returns {Promise<any[]>} */
  list: async () => {
    const found = await request('GET', REPOS);
    return Array.isArray(found) ? found : [];
  },
  /** @param {{url: string, public_key?: string}} repo */
  preview: (repo) => request('POST', `${REPOS}preview/`, repo, SLOW),
  /** @param {{url: string, public_key?: string}} repo */
  add: (repo) => request('POST', REPOS, repo, SLOW),
  /** @param {number} id @param {{public_key?: string, enabled?: boolean}} changes */
  change: (id, changes) => request('PUT', of(id), changes),
  /** @param {number} id */
  remove: (id) => request('DELETE', of(id)),
  /** @param {number} id */
  refresh: (id) => request('POST', of(id, 'refresh'), {}, SLOW),
  /** @param {number} repo @param {string} manifest */
  detail: (repo, manifest) =>
    request('POST', `${REPOS}plugin-detail/`, { repo_id: repo, manifest_url: manifest }, SLOW),
  /** @param {object} body */
  install: (body) => request('POST', `${REPOS}install/`, body, SLOW),
  /** @param {number} hours 0 for never */
  every: (hours) => request('PUT', paths.settings, { refresh_interval_hours: hours }),
};
