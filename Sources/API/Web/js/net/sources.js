/** The REST interface of playlists and guides. */
import { request } from './api.js';

/** @typedef {import('../core/sources.js').Kind} Kind */

const LISTS = { m3u: '/api/m3u/accounts/', epg: '/api/epg/sources/' };
/** @param {Kind} kind @param {number} id */
const one = (kind, id) => `${LISTS[kind]}${encodeURIComponent(id)}/`;

/** Uploads take as long as the line needs. */
const SLOW = { deadline: 1_800_000 };

export const paths = { m3u: LISTS.m3u, epg: LISTS.epg, schedules: '/api/schedules/' };

export const sources = {
  /** @param {Kind} kind @param {object} body as JSON, or a form with the file */
  add: (kind, body) => request('POST', LISTS[kind], body, SLOW),
  /** @param {Kind} kind @param {number} id @param {object} body */
  change: (kind, id, body) => request('PATCH', one(kind, id), body, SLOW),
  /** @param {Kind} kind @param {number} id */
  remove: (kind, id) => request('DELETE', one(kind, id)),
  /** Starts a task; the answer names it. @param {Kind} kind @param {number} id */
  refresh: (kind, id) =>
    kind === 'm3u' ? request('POST', `/api/m3u/refresh/${id}/`, {}) : request('POST', '/api/epg/import/', { id }),
};
