/** How a data source's data is fetched, by its type. */
import { isObject } from '../core/path.js';
import { ApiError, plugins } from '../net/api.js';

const given = (/** @type {any} */ params) =>
  Object.fromEntries(Object.entries(params ?? {}).filter(([, value]) => value !== undefined));

/** A plugin that answered `{"status": "error"}` has failed, whatever the transport says. @param {any} result */
function checked(result) {
  if (isObject(result) && result.status === 'error') {
    throw new ApiError(
      String(result.message ?? result.error ?? 'The plugin reported an error.'),
      200,
      'plugin_error',
      result,
    );
  }
  return result;
}

/** @param {any} plugin @param {any} spec with its templates filled in @returns {Promise<any>} */
export async function loadSource(plugin, spec) {
  const params = given(spec.params);
  const allowDisabled = Boolean(spec.allowDisabled ?? spec.allow_disabled);
  switch (spec.type ?? 'action') {
    case 'resource':
      if (!plugin.enabled && !allowDisabled) {
        throw new ApiError('Enable the plugin to load this.', 403, 'plugin_disabled');
      }
      return checked(await plugins.resource(plugin.key, String(spec.resource ?? spec.id ?? ''), params, allowDisabled));
    case 'action':
      if (!plugin.enabled) throw new ApiError('Enable the plugin to load this.', 403, 'plugin_disabled');
      return checked(await plugins.run(plugin.key, String(spec.action ?? spec.id ?? ''), params));
    case 'url':
      throw new ApiError(
        'Sources of type “url” are not supported yet; the plugin can fetch the address itself.',
        0,
        'unsupported',
      );
    default:
      throw new ApiError(`“${spec.type}” is not a type of data source.`, 0, 'unsupported');
  }
}
