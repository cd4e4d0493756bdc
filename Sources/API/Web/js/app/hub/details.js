/** What a plugin's own manifest says of it: who made it, its versions, and each of them to install. */
import { ago, bytes, text } from '../../core/format.js';
import { latestOf, nameOf, remedyOf } from '../../core/hub.js';
import { isObject } from '../../core/path.js';
import { safeUrl } from '../../core/url.js';
import { hub } from '../../net/hub.js';
import { Pill, Problem } from '../../ui/atoms.js';
import { h, Modal, Skeleton, Stack, useEffect, useState } from '../../ui/kit.js';
import { Grid } from '../parts.js';

/** Versions that are listed. */
const MOST = 30;

/** @param {any} offer */
function useManifest(offer) {
  const [said, say] = useState(/** @type {{manifest?: any, error?: any}} */ ({}));
  const [turn, again] = useState(0);
  useEffect(() => {
    if (!offer.manifest_url) return say({ manifest: {} });
    let isGone = false;
    say({});
    hub.detail(offer.repo_id, text(offer.manifest_url)).then(
      (answer) => isGone || say({ manifest: isObject(answer.manifest) ? answer.manifest : {} }),
      (error) => isGone || say({ error }),
    );
    return () => void (isGone = true);
  }, [offer.repo_id, offer.manifest_url, turn]);
  return { ...said, again: () => again(turn + 1) };
}

/** @param {any} value */
const listed = (
  value,
) => (Array.isArray(value) ? value.map((one) => text(isObject(one) ? one.name : one)).join(', ') : text(value));

/** @param {{words: string, address: unknown}} props */
function Out({ words, address }) {
  const href = safeUrl(address);
  return href ? h('a', { className: 'link', href, target: '_blank', rel: 'noopener noreferrer' }, words) : words;
}

/** @param {{offer: any, busy: boolean, install: (offer: any, version: any) => Promise<boolean>, close: () => void}} props */
export function Details({ offer, busy, install, close }) {
  const { manifest, error, again } = useManifest(offer);
  const about = { ...offer, ...manifest };
  const declared = Array.isArray(manifest?.versions) ? manifest.versions.filter(isObject).slice(0, MOST) : [];
  const versions = declared.length ? declared : offer.latest_url ? [latestOf(offer)] : [];
  const range = [
    about.min_dispatcharr_version && `from ${text(about.min_dispatcharr_version)}`,
    about.max_dispatcharr_version && `to ${text(about.max_dispatcharr_version)}`,
  ].filter(Boolean).join(' ');
  const facts = /** @type {[string, any][]} */ ([
    ['Author', text(about.author)],
    ['Maintainers', listed(about.maintainers)],
    ['License', text(about.license)],
    ['Repository', text(offer.repo_name)],
    ['For Dispatcharr', range],
    ['Last updated', about.last_updated ? ago(about.last_updated) : ''],
    ['Source', about.repo_url && h(Out, { words: text(about.repo_url), address: about.repo_url })],
    ['Talk', about.discord_thread && h(Out, { words: 'Its thread', address: about.discord_thread })],
    ['Installed here', text(offer.installed_version)],
  ]).filter(([, value]) => value);
  const choose = async (/** @type {any} */ version) => {
    close();
    await install(offer, version);
  };
  return Modal(
    { opened: true, onChange: (/** @type {boolean} */ now) => now || close(), title: nameOf(offer), size: 'lg' },
    Stack(
      { gap: 'md' },
      h('p', { className: 'prose' }, text(about.description)),
      h(
        'dl',
        { className: 'details' },
        ...facts.flatMap(([name, value]) => [h('dt', { key: `t${name}` }, name), h('dd', { key: name }, value)]),
      ),
      error &&
        h(Problem, {
          title: 'Its own manifest could not be read',
          message: [error.message, remedyOf(error)].filter(Boolean).join(' '),
          onRetry: again,
        }),
      !manifest && !error && Skeleton({ height: 90 }),
      versions.length > 0 && h(Grid, {
        label: 'Versions',
        heads: ['Version', 'Size', 'Made', ''],
        keys: versions.map((/** @type {any} */ one, /** @type {number} */ index) => `${text(one.version)}${index}`),
        rows: versions.map((/** @type {any} */ one) => [
          h('span', {}, text(one.version), ' ', one.prerelease === true && h(Pill, { tone: 'violet' }, 'Prerelease')),
          Number(one.size) > 0 ? bytes(one.size) : '–',
          one.build_timestamp ?? one.released ?? one.date ? ago(one.build_timestamp ?? one.released ?? one.date) : '–',
          text(one.version) === text(offer.installed_version)
            ? h(Pill, { tone: 'teal', dot: true }, 'Here')
            : h('button', {
              type: 'button',
              className: 'mini-button tone-indigo',
              disabled: busy || offer.signature_verified === false || !(one.url ?? one.download_url),
              'aria-label': `Install version ${text(one.version)}`,
              onClick: () => void choose(one),
            }, 'Install'),
        ]),
      }),
    ),
  );
}
