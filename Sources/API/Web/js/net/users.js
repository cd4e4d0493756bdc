/** The REST interface of people and their keys. */
import { request } from './api.js';

const PEOPLE = '/api/accounts/users/';
const KEYS = '/api/accounts/api-keys/';

export const paths = { all: PEOPLE, me: `${PEOPLE}me/`, ready: '/health/ready' };

export const users = {
  /** @param {object} person */
  add: (person) => request('POST', PEOPLE, person),
  /** @param {number} id @param {object} changes */
  change: (id, changes) => request('PATCH', `${PEOPLE}${id}/`, changes),
  /** @param {number} id */
  remove: (id) => request('DELETE', `${PEOPLE}${id}/`),
  /** @param {object} changes */
  changeMe: (changes) => request('PATCH', paths.me, changes),
  /** The key is in this answer and never again. @param {number} id */
  makeKey: (id) => request('POST', `${KEYS}generate/`, { user_id: id }),
  /** @param {number} id */
  revokeKey: (id) => request('POST', `${KEYS}revoke/`, { user_id: id }),
};
