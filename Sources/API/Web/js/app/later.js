/** Pages and parts whose files are fetched when they are first shown. */
import { text } from '../core/format.js';
import { Problem } from '../ui/atoms.js';
import { Component, h, lazy, Suspense } from '../ui/kit.js';

class NotFetched extends Error {}

const reload = { retryLabel: 'Load the page anew', onRetry: () => location.reload() };

/** Keeps what goes wrong inside, so that the shell around it goes on. */
class Kept extends Component {
  constructor(/** @type {any} */ props) {
    super(props);
    this.state = { error: /** @type {any} */ (undefined) };
  }

  static getDerivedStateFromError(/** @type {any} */ error) {
    return { error };
  }

  render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const said = error instanceof NotFetched
      ? {
        title: 'This part could not be loaded',
        // A new version of the server has new addresses for its files.
        message: 'The connection is lost, or the server has been updated since this page was opened.',
      }
      : { title: 'This part could not be drawn', message: text(error.message ?? error) };
    return h('div', { className: 'page' }, h(Problem, { ...said, ...reload }));
  }
}

/** A component that stands in for one of a file's exports. @param {() => Promise<any>} load @param {string} [name] @returns {(props?: any) => any} */
export function later(load, name = 'default') {
  const fetched = () =>
    load().then((found) => ({ default: found[name] }), (error) => {
      throw new NotFetched(text(error?.message));
    });
  const Part = lazy(fetched);
  return (props) => h(Kept, {}, h(Suspense, { fallback: h('div', { 'aria-busy': true }) }, h(Part, props)));
}
