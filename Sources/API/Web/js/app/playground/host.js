/** Who answers a page that belongs to no plugin: it says what it would have done. */
import { json } from '../../core/format.js';
import { ApiError, request } from '../../net/api.js';

/** The plugin that the playground pretends to be. */
export const PRETENDED = {
  key: 'playground',
  name: 'Playground',
  enabled: true,
  settings: {},
  actions: [],
  fields: [
    { id: 'title', label: 'Title', type: 'string', default: 'Playground' },
    { id: 'limit', label: 'Limit', type: 'number', default: 5, min: 1, max: 100 },
    { id: 'live', label: 'Live', type: 'boolean', default: true },
    { id: 'token', label: 'Token', type: 'string', input_type: 'password', help_text: 'Not shown while it is typed' },
  ],
};

/** Long enough to see that something runs. Milliseconds. */
const PAUSE = 400;
const soon = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

/** @param {(settings: object) => void} onSettings @returns {import('../../render/host.js').Host} */
export const pretendedHost = (onSettings) => ({
  run: async (action, params, { files, sent } = {}) => {
    await soon();
    sent?.(1);
    const names = Object.values(files ?? {}).flat().map((file) => file.name);
    return {
      status: 'ok',
      title: 'Not sent: this is the playground',
      message: [`run("${action}", ${json(params)})`, names.length ? `with ${names.join(', ')}` : ''].filter(Boolean)
        .join(' '),
    };
  },
  resource: async (id) => {
    throw new ApiError(
      `The playground has no resource “${id}”. Make it a static source while you design.`,
      0,
      'pretended',
    );
  },
  fetch: (method, url, body, headers) => request(method, url, body, { headers }),
  keep: async (_, file, sent) => {
    await soon();
    sent(1);
    return { value: `/uploads/${file.name}`, name: file.name, size: file.size };
  },
  save: async (settings) => {
    await soon();
    onSettings(settings);
  },
});
