/** Lucide icons, one small file each, fetched only when drawn. */
import { iconName } from '../core/schema.js';
import { h } from './kit.js';

const FOLDER = new URL('../../vendor/lucide/', import.meta.url).href;

/** @param {{name?: unknown, size?: number, className?: string}} props a Lucide name in either spelling, `FileText` or `file-text` */
export function Icon({ name, size = 18, className = '' }) {
  const file = iconName(name);
  if (!file) return null;
  return h(
    'svg',
    { className: `icon ${className}`, width: size, height: size, 'aria-hidden': true, focusable: false },
    h('use', { href: `${FOLDER}${file}.svg#i` }),
  );
}

/** Fetched ahead, for what is drawn when nothing can be fetched any more. @param {string[]} names */
export const preloadIcons = (names) => names.forEach((name) => void (new Image().src = `${FOLDER}${name}.svg`));

/** @param {unknown} name @param {number} [size] */
export const icon = (name, size) => (iconName(name) ? h(Icon, { name, size }) : undefined);
