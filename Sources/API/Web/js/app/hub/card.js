/** One plugin that a repository offers. */
import { bytes, text } from '../../core/format.js';
import { latestOf, nameOf, signatureOf, stateOf } from '../../core/hub.js';
import { safeUrl } from '../../core/url.js';
import { byKey } from '../../net/catalogue.js';
import { Pill } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { Button, h, RunButton, useState } from '../../ui/kit.js';
import { Avatar } from '../plugins/avatar.js';
import { turnOn } from '../plugins/toggle.js';
import { Link } from '../router.js';
import { Details } from './details.js';
import { useInstall } from './install.js';

/** @param {{verified: boolean | null | undefined, repo?: string}} props */
export function Signature({ verified, repo }) {
  const { tone, icon: sign, word, about } = signatureOf(verified);
  return h(Pill, { tone, icon: sign, title: about }, repo ? `${repo}: ${word.toLowerCase()}` : word);
}

/** The main button: install, update, or what is left to do with it here. @param {{offer: any, busy: boolean, onInstall: () => void}} props */
function Main({ offer, busy, onInstall }) {
  const plugin = offer.key ? byKey(offer.key) : undefined;
  const name = nameOf(offer);
  const version = latestOf(offer);
  if (offer.install_status === 'installed') {
    return plugin && !plugin.enabled
      ? Button(
        { size: 'xs', variant: 'light', onClick: () => void turnOn(plugin), 'aria-label': `Enable ${name}` },
        'Enable',
      )
      : h(
        Link,
        { to: `/plugins/${encodeURIComponent(text(offer.key))}`, className: 'open-link', 'aria-label': `Open ${name}` },
        'Open',
        icon('arrow-right', 16),
      );
  }
  const isUpdate = offer.install_status === 'update_available';
  const word = isUpdate ? `Update to ${version.version}` : offer.installed ? 'Replace' : 'Install';
  const size = Number(version.size) > 0 ? ` · ${bytes(version.size)}` : '';
  return RunButton({
    size: 'xs',
    running: busy,
    runningLabel: 'Installing…',
    color: isUpdate ? 'yellow' : undefined,
    variant: offer.installed && !isUpdate ? 'default' : isUpdate ? 'light' : 'filled',
    leftSection: icon(isUpdate ? 'arrow-up-circle' : 'download', 15),
    disabled: !version.version || !version.url || offer.signature_verified === false,
    onClick: onInstall,
    'aria-label': `${word}: ${name}`,
  }, `${word}${isUpdate ? '' : size}`);
}

/** @param {{offer: any, after: () => void}} props */
export function OfferCard({ offer, after }) {
  const [open, setOpen] = useState(false);
  const [busy, install] = useInstall(after);
  const [tone, words] = stateOf(offer);
  const docs = safeUrl(offer.repo_url);
  const name = nameOf(offer);
  const here = text(offer.installed_version);
  return h(
    'article',
    { className: 'plugin-card offer', 'data-offer': text(offer.slug), 'aria-label': name },
    h(
      'header',
      { className: 'card-head' },
      h(Avatar, { plugin: { key: text(offer.slug), name } }),
      h(
        'div',
        { className: 'card-name' },
        h('h2', {}, name),
        h(
          'p',
          { className: 'dim' },
          [
            offer.latest_version && `v${text(offer.latest_version).replace(/^v/i, '')}`,
            offer.author && `by ${text(offer.author)}`,
          ].filter(Boolean).join(' · '),
          docs &&
            h('a', { className: 'link docs', href: docs, target: '_blank', rel: 'noopener noreferrer' }, 'Source'),
        ),
      ),
    ),
    h(
      'div',
      { className: 'badges' },
      words &&
        h(Pill, { tone, dot: true }, here && offer.install_status !== 'installed' ? `${words}, here ${here}` : words),
      offer.installed_version_is_prerelease === true && h(Pill, { tone: 'violet' }, 'Prerelease'),
      offer.deprecated === true && h(Pill, { tone: 'orange' }, 'Deprecated'),
      offer.is_official_repo === true && h(Pill, { tone: 'indigo', icon: 'badge-check' }, 'Official'),
      h(Signature, { verified: offer.signature_verified, repo: text(offer.repo_name) }),
    ),
    h('p', { className: 'card-about' }, text(offer.description) || 'Its author says nothing about it.'),
    h(
      'footer',
      { className: 'card-foot' },
      Button({
        size: 'xs',
        variant: 'subtle',
        color: 'gray',
        onClick: () => setOpen(true),
        'aria-label': `Details of ${name}`,
      }, 'Details'),
      h('span', { className: 'spring' }),
      h(Main, { offer, busy, onInstall: () => void install(offer, latestOf(offer)) }),
    ),
    open && h(Details, { offer, busy, install, close: () => setOpen(false) }),
  );
}
