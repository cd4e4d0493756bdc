/** Plugins that repositories offer, to be found, installed and updated. */
import { found, WHICH } from '../../core/hub.js';
import { number, text } from '../../core/format.js';
import { pageOf } from '../../core/query.js';
import { catalogue } from '../../net/catalogue.js';
import { hub, paths } from '../../net/hub.js';
import { Pager } from '../../components/table/pager.js';
import { Empty, Problem } from '../../ui/atoms.js';
import { useStore, useTitle } from '../../ui/hooks.js';
import { icon } from '../../ui/icon.js';
import { Button, h, Select, TextInput, useEffect, useMemo, useState } from '../../ui/kit.js';
import { useApi } from '../parts.js';
import { PluginTabs } from '../plugins/tabs.js';
import { WaitingCards } from '../plugins/waiting.js';
import { search } from '../router.js';
import { OfferCard } from './card.js';
import { Repos } from './repos.js';

const SIZE = 18;

/** @param {{offers: any[], query: string, which: string, after: () => void, manage: () => void}} props */
function Offers({ offers, query, which, after, manage }) {
  const list = useMemo(() => found(offers, query, which), [offers, query, which]);
  const [at, go] = useState(1);
  const page = pageOf(list, at, SIZE);
  if (!offers.length) {
    return h(
      Empty,
      { icon: 'library', title: 'No repository offers anything yet' },
      'Add one, or read those that are there again. ',
      h('button', { key: 'go', type: 'button', className: 'link-button', onClick: manage }, 'Repositories'),
    );
  }
  if (!list.length) {
    return h(
      Empty,
      { icon: 'search-x', title: 'No plugin matches' },
      'Change the search or the filter to see the others.',
    );
  }
  return h(
    'div',
    {},
    h(
      'div',
      { className: 'offers' },
      ...page.rows.map((offer) => h(OfferCard, { key: `${text(offer.repo_id)}/${text(offer.slug)}`, offer, after })),
    ),
    page.pages > 1 && h(Pager, { page, onPage: go }),
  );
}

/** Repositories that nobody has read yet are read now; the server does it by itself some hours later. @param {() => void} after */
function useFirstReading(after) {
  useEffect(() => {
    const first = async () => {
      const repos = await hub.list();
      const unread = repos.filter((/** @type {any} */ one) =>
        one?.enabled && !one.last_fetched && !one.last_fetch_status
      );
      await Promise.allSettled(unread.map((/** @type {any} */ one) => hub.refresh(one.id)));
      if (unread.length) after();
    };
    first().catch(() => {}); // The page says itself what it cannot read; who may not refresh sees what is there.
  }, []);
}

export default function HubPage() {
  // What is enabled changes what a card offers to do.
  useStore(catalogue);
  const asked = new URLSearchParams(useStore(search));
  const [query, setQuery] = useState(asked.get('find') ?? '');
  const [which, show] = useState('all');
  const [managing, manage] = useState(false);
  const source = useApi(paths.available, 0);
  useFirstReading(source.refresh);
  const offers = useMemo(
    () => (Array.isArray(source.data?.plugins)
      ? source.data.plugins.filter((/** @type {any} */ one) => one?.slug)
      : []),
    [source.data],
  );
  const updates = offers.filter((/** @type {any} */ one) => one.install_status === 'update_available').length;
  useTitle('Find plugins');
  return h(
    'div',
    { className: 'page' },
    h(
      'header',
      { className: 'page-head' },
      h(
        'div',
        {},
        h('h1', {}, 'Find plugins'),
        h(
          'p',
          { className: 'dim' },
          source.loading && !source.data
            ? 'Asking the repositories…'
            : `${number(offers.length)} offered${updates ? `, ${updates} with an update for you` : ''}`,
        ),
      ),
      h(
        'div',
        { className: 'page-tools' },
        TextInput({
          'aria-label': 'Search what is offered',
          placeholder: 'Search',
          value: query,
          onChange: setQuery,
          leftSection: icon('search', 16),
          className: 'search',
        }),
        Select({
          data: WHICH,
          value: which,
          onChange: (/** @type {string} */ now) => show(now ?? 'all'),
          allowDeselect: false,
          'aria-label': 'Which of them',
          className: 'which',
        }),
        Button({ variant: 'default', leftSection: icon('library', 16), onClick: () => manage(true) }, 'Repositories'),
      ),
    ),
    h(PluginTabs, { at: 'browse' }),
    source.error &&
      h(Problem, {
        title: 'The repositories could not be asked',
        message: text(source.error.message),
        onRetry: source.refresh,
      }),
    !source.data ? !source.error && h(WaitingCards, { label: 'Loading', className: 'offers' }) : h(Offers, {
      key: `${query}/${which}`,
      offers,
      query,
      which,
      after: source.refresh,
      manage: () => manage(true),
    }),
    h(Repos, { opened: managing, close: () => manage(false), after: source.refresh }),
  );
}
