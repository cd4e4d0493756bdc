/** How a data source's data is fetched, by its type. */
import { text } from '../core/format.js';
import { isObject } from '../core/path.js';
import { safeUrl } from '../core/url.js';
import { ApiError } from '../net/api.js';

const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

const given = (/** @type {any} */ params) =>
  Object.fromEntries(Object.entries(params ?? {}).filter(([, value]) => value !== undefined));

/** A plugin that answered `{"status": "error"}` has failed, whatever the transport says. @param {any} result */
export function checked(result) {
  if (isObject(result) && result.status === 'error') {
    const message = text(result.message ?? result.error ?? 'The plugin reported an error.');
    throw new ApiError(message, 200, 'plugin_error', result);
  }
  return result;
}

/** @param {string} address */
function placeOf(address) {
  const safe = safeUrl(address);
  return safe ? new URL(safe) : undefined;
}

/** @param {any} spec */
const methodOf = (spec) => text(spec.method || 'GET').toUpperCase();

/** Whether the server reads this address for us. @param {any} spec @param {URL | undefined} url */
const isElsewhere = (spec, url) =>
  url !== undefined && url.origin !== location.origin && /^https?:$/.test(url.protocol) && methodOf(spec) === 'GET' &&
  !(isObject(spec.headers) && Object.keys(spec.headers).length);

/**
 * An address of this site, or what the server has read at another one: the page's policy forbids it to go there itself.
 * What changes anything here is left to plugins that somebody has trusted.
 * @param {any} plugin @param {any} spec @param {import('./host.js').Host} host
 */
function fromAddress(plugin, spec, host) {
  const method = methodOf(spec);
  const address = text(spec.url);
  const url = placeOf(address);
  if (!METHODS.has(method)) throw new ApiError(`“${method}” is not a method of HTTP that pages use.`, 0, 'unsupported');
  if (host.outside && isElsewhere(spec, url)) {
    if (!plugin.enabled) throw new ApiError('Enable the plugin to load this.', 403, 'plugin_disabled');
    return host.outside(address, given(spec.params));
  }
  if (!url || url.origin !== location.origin) {
    const fix = 'Other sites are read with GET and without headers; let the plugin fetch it, in resolve_ui_resource or an action.';
    throw new ApiError(`“${address}” is another site. ${fix}`, 0, 'unsupported');
  }
  if (method !== 'GET' && !plugin.enabled) {
    throw new ApiError('Enable the plugin to load this.', 403, 'plugin_disabled');
  }
  const params = given(spec.params);
  if (method === 'GET') { for (const [name, value] of Object.entries(params)) url.searchParams.set(name, text(value)); }
  const headers = Object.fromEntries(
    Object.entries(isObject(spec.headers) ? spec.headers : {})
      .filter(([name, value]) => /^[\w-]{1,60}$/.test(name) && !/[\r\n]/.test(text(value)))
      .map(([name, value]) => [name, text(value)]),
  );
  return host.fetch(method, url.pathname + url.search, method === 'GET' ? undefined : params, headers);
}

/** @param {any} spec */
const typeOf = (spec) => spec.type ?? (spec.resource ? 'resource' : spec.url ? 'url' : 'action');

/**
 * A source as the server can ask it for everybody; undefined for what only this page can, with its own session.
 * @param {any} plugin @param {any} spec with its templates filled in
 */
export function questionOf(plugin, spec) {
  const params = given(spec.params);
  const allowed = Boolean(spec.allowDisabled ?? spec.allow_disabled);
  switch (typeOf(spec)) {
    case 'resource': {
      const name = text(spec.resource ?? spec.id);
      return (plugin.enabled || allowed) && name ? { kind: 'resource', name, params, allow_disabled: allowed } : undefined;
    }
    case 'action': {
      const name = text(spec.action ?? spec.id);
      return plugin.enabled && name ? { kind: 'action', name, params } : undefined;
    }
    case 'url': {
      const name = text(spec.url);
      return plugin.enabled && isElsewhere(spec, placeOf(name)) ? { kind: 'url', name, params } : undefined;
    }
    default:
      return undefined;
  }
}

/** @param {any} plugin @param {any} spec with its templates filled in @param {import('./host.js').Host} host @returns {Promise<any>} */
export async function loadSource(plugin, spec, host) {
  const params = given(spec.params);
  const allowDisabled = Boolean(spec.allowDisabled ?? spec.allow_disabled);
  const refuse = () => {
    throw new ApiError('Enable the plugin to load this.', 403, 'plugin_disabled');
  };
  switch (typeOf(spec)) {
    case 'resource':
      if (!plugin.enabled && !allowDisabled) refuse();
      return checked(await host.resource(text(spec.resource ?? spec.id), params, allowDisabled));
    case 'action':
      if (!plugin.enabled) refuse();
      return checked(await host.run(text(spec.action ?? spec.id), params));
    case 'url':
      return fromAddress(plugin, spec, host);
    default:
      throw new ApiError(
        `“${text(spec.type)}” is not a type of data source; use action, resource, static or url.`,
        0,
        'unsupported',
      );
  }
}
