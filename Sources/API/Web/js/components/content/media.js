/** `image`, `video`, `barcode`. Only this site's own pictures are fetched: others would learn who looks at the page. */
import { code128 } from '../../core/barcode.js';
import { text } from '../../core/format.js';
import { get } from '../../core/path.js';
import { safeUrl } from '../../core/url.js';
import { register } from '../../render/registry.js';
import { useResolved, useSource } from '../../render/runtime.js';
import { Problem } from '../../ui/atoms.js';
import { Icon } from '../../ui/icon.js';
import { h, useState } from '../../ui/kit.js';
import { pixels } from '../layout/options.js';

/** `data:` pictures besides: they were fetched already. SVG is left out, it is a page of its own. */
const PICTURE = /^data:image\/(?:png|jpe?g|gif|webp|avif|bmp);base64,[A-Za-z0-9+/=\s]+$/;

/** @param {unknown} value @returns {{src?: string, elsewhere?: string}} */
export function pictureOf(value) {
  if (typeof value === 'string' && PICTURE.test(value.trim())) return { src: value.trim() };
  const url = safeUrl(value);
  if (!url) return {};
  return new URL(url).origin === location.origin ? { src: url } : { elsewhere: url };
}

/** A link in place of what the page may not fetch. @param {{url: string, words: string, icon: string}} props */
const Elsewhere = ({ url, words, icon }) =>
  h(
    'a',
    { className: 'elsewhere', href: url, target: '_blank', rel: 'noopener noreferrer' },
    h(Icon, { name: icon, size: 20 }),
    h('span', {}, h('strong', {}, words), h('span', { className: 'dim' }, `Opens ${new URL(url).host} in a new tab`)),
    h(Icon, { name: 'external-link', size: 15 }),
  );

/** @param {any} node @param {string[]} keys */
function useAddress(node, keys) {
  const { data } = useSource(node);
  const own = keys.map((key) => node[key]).find((one) => one !== undefined);
  const shown = useResolved({ address: own, words: node.alt ?? node.label ?? node.title ?? '' }, { data });
  return {
    address: own === undefined && node.path !== undefined ? get(data, node.path) : shown.address,
    words: text(shown.words),
  };
}

register(['image', 'img'], ({ node }) => {
  const { address, words } = useAddress(node, ['src', 'url', 'value']);
  const [broken, setBroken] = useState('');
  const { src, elsewhere } = pictureOf(address);
  if (elsewhere) return h(Elsewhere, { url: elsewhere, words: words || 'Picture', icon: 'image' });
  if (!src || broken === src) {
    return h('span', { className: 'broken' }, h(Icon, { name: 'image-off', size: 18 }), words || 'No picture');
  }
  return h('img', {
    className: `picture ${node.rounded === true ? 'rounded' : ''}`,
    src,
    alt: words,
    loading: 'lazy',
    style: {
      width: node.width === undefined ? undefined : pixels(node.width, 320, 8),
      height: node.height === undefined ? undefined : pixels(node.height, 200, 8),
      objectFit: node.fit === 'cover' ? 'cover' : 'contain',
    },
    onError: () => setBroken(src),
  });
});

register('video', ({ node }) => {
  const { address, words } = useAddress(node, ['src', 'url', 'value']);
  const url = safeUrl(address);
  if (!url) return h('span', { className: 'broken' }, h(Icon, { name: 'video-off', size: 18 }), words || 'No video');
  if (new URL(url).origin !== location.origin) return h(Elsewhere, { url, words: words || 'Video', icon: 'play' });
  return h('video', {
    className: 'picture',
    src: url,
    controls: node.controls !== false,
    loop: node.loop === true,
    muted: node.muted === true,
    preload: 'metadata',
    'aria-label': words || 'Video',
    style: { height: node.height === undefined ? undefined : pixels(node.height, 320) },
  });
});

register(['barcode', 'qrcode'], ({ node }) => {
  const { data } = useSource(node);
  const words = text(useResolved(node.value ?? node.text ?? node.label ?? '', { data }));
  const widths = code128(words);
  if (!widths) {
    return h(Problem, {
      title: 'No barcode',
      message: `“${words.slice(0, 60)}”: Code 128 spells 1 to 80 plain ASCII characters.`,
    });
  }
  let x = 10;
  const bars = widths.map((width, index) => {
    const bar = index % 2 ? null : h('rect', { key: index, x, y: 0, width, height: 50 });
    x += width;
    return bar;
  });
  return h(
    'figure',
    { className: 'barcode' },
    h('svg', {
      viewBox: `0 0 ${x + 10} 50`,
      role: 'img',
      'aria-label': `Barcode of ${words}`,
      height: pixels(node.height, 64, 24, 300),
      preserveAspectRatio: 'none',
    }, ...bars),
    node.showValue !== false && h('figcaption', {}, words),
  );
});
