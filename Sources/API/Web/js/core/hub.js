/** Plugins that repositories offer: where each stands here, what to warn of before one is installed, what helps when it fails. */
import { compare, filterRows } from './query.js';
import { text } from './format.js';
import { isObject } from './path.js';

/** Colour and words of `install_status`. @type {Record<string, [string, string]>} */
const STATES = {
  not_installed: ['gray', ''],
  installed: ['teal', 'Installed'],
  update_available: ['yellow', 'Update available'],
  unmanaged: ['gray', 'Installed by hand'],
  different_repo: ['orange', 'From another repository'],
};
/** @param {any} offer @returns {[string, string]} */
export const stateOf = ({ install_status: status }) => (Object.hasOwn(STATES, status) ? STATES[status] : ['gray', '']);

/** What the signature of a manifest says, in a word and a sentence. @param {boolean | null | undefined} verified @returns {{tone: string, icon: string, word: string, about: string}} */
export function signatureOf(verified) {
  if (verified === true) {
    return {
      tone: 'teal',
      icon: 'shield-check',
      word: 'Signed',
      about: 'Its list of plugins is signed with the key you know.',
    };
  }
  if (verified === false) {
    return {
      tone: 'red',
      icon: 'shield-x',
      word: 'Signature wrong',
      about:
        'Its list of plugins does not match its key: it was changed on the way, or the key is another one. Nothing is installed from it.',
    };
  }
  return { tone: 'gray', icon: 'shield-off', word: 'Not signed', about: 'Nobody vouches for its list of plugins.' };
}

export const WHICH = [
  { value: 'all', label: 'All' },
  { value: 'new', label: 'Not installed' },
  { value: 'installed', label: 'Installed' },
  { value: 'updates', label: 'Updates' },
];
/** @type {Record<string, (offer: any) => boolean>} */
const ASKED = {
  all: () => true,
  new: (offer) => offer.install_status === 'not_installed',
  installed: (offer) => offer.install_status !== 'not_installed',
  updates: (offer) => offer.install_status === 'update_available',
};

/** As people count them. @param {any} repo */
export const sizeOf = ({ plugin_count: count }) => (Number(count) === 1 ? '1 plugin' : `${Number(count) || 0} plugins`);

/** @param {any} offer */
export const nameOf = (offer) => text(offer.name || offer.slug);

/** Updates first, then by name. @param {any[]} offers @param {string} query @param {string} which */
export function found(offers, query, which) {
  const first = (/** @type {any} */ one) => Number(one.install_status !== 'update_available');
  return filterRows(offers.filter(ASKED[which] ?? ASKED.all), query, (one) => [
    one.name,
    one.slug,
    one.description,
    one.author,
    one.repo_name,
  ]).sort((a, b) => first(a) - first(b) || compare(nameOf(a), nameOf(b)));
}

/** The version that an offer installs when nobody chooses another. @param {any} offer */
export const latestOf = (offer) => ({
  version: text(offer.latest_version),
  url: offer.latest_url,
  checksum_sha256: offer.latest_sha256,
  size: offer.latest_size,
  min_dispatcharr_version: offer.min_dispatcharr_version,
  max_dispatcharr_version: offer.max_dispatcharr_version,
  prerelease: offer.prerelease,
});

/** As the server takes it. @param {any} offer @param {any} version one of its versions */
export function bodyOf(offer, version) {
  const body = {
    repo_id: offer.repo_id,
    slug: offer.slug,
    version: text(version.version),
    download_url: version.url ?? version.download_url,
    sha256: version.checksum_sha256 ?? version.sha256,
    min_dispatcharr_version: version.min_dispatcharr_version,
    max_dispatcharr_version: version.max_dispatcharr_version,
    prerelease: version.prerelease,
  };
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  );
}

/** Less than, as versions are counted: `1.10` is newer than `1.9`. @param {string} a @param {string} b */
const isOlder = (a, b) => compare(a.replace(/^v/i, ''), b.replace(/^v/i, '')) < 0;

/** What a person should know before this is installed. @param {any} offer @param {any} version @returns {string[]} */
export function warningsOf(offer, version) {
  const here = text(offer.installed_version);
  return [
    offer.install_status === 'unmanaged' && 'It replaces the files that somebody put here by hand. Its settings stay.',
    offer.install_status === 'different_repo' &&
    `It replaces the plugin that came from “${
      text(offer.installed_source_repo_name) || 'another repository'
    }”. Its settings stay.`,
    here && isOlder(text(version.version), here) && `It is older than what is installed, ${here}.`,
    version.prerelease === true && 'This version is a prerelease.',
    offer.deprecated === true && 'Its author does not look after it any more.',
    !(version.checksum_sha256 ?? version.sha256) &&
    'It has no checksum, so nobody can tell whether the download is what its author made.',
    offer.signature_verified !== true && signatureOf(offer.signature_verified).about,
  ].filter((one) => typeof one === 'string' && one !== '');
}

/** What helps, by the code of the server's error. @type {Record<string, string>} */
const REMEDIES = {
  manifest_not_fetched: 'Open the address in a browser: it has to lead to the repository’s manifest, a JSON file.',
  invalid_manifest: 'Ask whoever keeps the repository to correct its manifest.',
  signature_invalid:
    'Ask its keeper for the present public key. If the key is right, the manifest was changed by somebody else.',
  duplicate: 'It is in the list already; refresh it there.',
  official_repo: 'Switch it off instead.',
  incompatible_version: 'Choose another version under Details.',
  wrong_checksum: 'Refresh the repository and try again. If it happens again, tell its keeper.',
  repo_not_verified: 'Refresh the repository, or correct its public key.',
  invalid_key: 'It begins with -----BEGIN PGP PUBLIC KEY BLOCK----- and ends with its END line; copy all of it.',
  gpgv_missing: 'Install the package gpgv on the server.',
  plugin_not_listed: 'Read the repository again; its keeper may have taken it away.',
  download_too_large: 'Ask its author for a smaller archive.',
  refused_address: 'Its address leads into a private network, where the server does not go for others.',
  repo_not_found: 'Somebody removed it; load the page anew.',
};

/** @param {any} error */
export const remedyOf = (error) =>
  text(
    (isObject(error?.body) ? error.body.hint : '') ||
      (Object.hasOwn(REMEDIES, error?.code) ? REMEDIES[error.code] : ''),
  );

/** How the last reading of a repository went: nothing when it went well. @param {any} repo */
export function troubleOf(repo) {
  const status = text(repo.last_fetch_status);
  if (!status || status === '200') return '';
  if (status === '404') {
    return 'Its manifest is not at this address any more (404). Ask its keeper for the present one.';
  }
  return /^\d{3}$/.test(status) ? `Its server answered ${status} when it was read last.` : status;
}
