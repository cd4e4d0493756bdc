/** The REST interface of the server's settings. */
import { ApiError, request } from './api.js';

const ALL = '/api/core/settings/';

export const paths = { all: ALL, zones: '/api/core/timezones/', version: '/api/core/version/' };

export const settings = {
  /** Only what is named changes. @param {string} key @param {object} value */
  change: (key, value) => request('PATCH', `${ALL}${encodeURIComponent(key)}/`, { value }),
  /** The asker's address, and which lists of networks would not hold it; undefined where the server cannot say.
   *  @param {object} value @returns {Promise<any>} */
  check: async (value) => {
    // A list without networks is not one that could be wrong.
    const said = Object.fromEntries(Object.entries(value).filter(([, list]) => list));
    try {
      return await request('POST', `${ALL}check/`, { key: 'network_access', value: said });
    } catch (error) {
      if (error instanceof ApiError && [404, 405].includes(error.status)) return undefined;
      throw error;
    }
  },
};
