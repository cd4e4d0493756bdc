import { text } from '../../core/format.js';
import { safeUrl } from '../../core/url.js';
import { h, useState } from '../../ui/kit.js';

const HUES = ['indigo', 'teal', 'grape', 'orange', 'cyan', 'pink', 'lime', 'violet'];
const hueOf = (/** @type {string} */ key) =>
  HUES[[...key].reduce((sum, one) => (sum * 31 + one.charCodeAt(0)) % 997, 7) % HUES.length];

/** Its logo, or its first letter. @param {{plugin: any, size?: number}} props */
export function Avatar({ plugin, size = 44 }) {
  const [broken, setBroken] = useState(false);
  const logo = safeUrl(plugin.logo_url);
  if (logo && !broken) {
    return h('img', {
      className: 'avatar',
      src: logo,
      width: size,
      height: size,
      alt: '',
      onError: () => setBroken(true),
    });
  }
  return h(
    'span',
    { className: `avatar tone-${hueOf(plugin.key)}`, 'aria-hidden': true },
    text(plugin.name || plugin.key).slice(0, 1).toUpperCase(),
  );
}
