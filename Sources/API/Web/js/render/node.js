/** Draws one node of a schema: looks its type up, and keeps whatever goes wrong inside its own frame. */
import { DEEPEST_NODE, MOST_CHILDREN } from '../core/schema.js';
import { conditionsOf, isShown } from '../core/condition.js';
import { cut, text } from '../core/format.js';
import { isObject } from '../core/path.js';
import {
  Component,
  Fragment,
  h,
  lazy,
  Suspense,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from '../ui/kit.js';
import { Problem, Waiting } from '../ui/atoms.js';
import { absentIn, fetchType, isBare, lookup } from './registry.js';
import { Bound, isBound, useSight, useSourceOf } from './runtime.js';
import { Depth, WithScope } from './scope.js';

class Boundary extends Component {
  constructor(/** @type {any} */ props) {
    super(props);
    this.state = { error: /** @type {any} */ (undefined) };
  }

  static getDerivedStateFromError(/** @type {any} */ error) {
    return { error };
  }

  /** A changed schema gets another try. @param {any} before */
  componentDidUpdate(before) {
    if (this.state.error && before.node !== this.props.node) this.setState({ error: undefined });
  }

  render() {
    if (!this.state.error) return this.props.children;
    return h(Problem, {
      title: `The “${cut(this.props.type, 40)}” part could not be drawn`,
      message: cut(this.state.error.message ?? this.state.error, 200),
      onRetry: () => this.setState({ error: undefined }),
    });
  }
}

/** The paths that a condition compares. @param {any} condition @param {number} [depth] @returns {string[]} */
function pathsIn(condition, depth = 0) {
  if (depth > 10 || typeof condition !== 'object' || condition === null) return [];
  return Object.entries(condition).flatMap(([key, value]) =>
    (key === 'path' || key === 'field') && typeof value === 'string' ? [value] : pathsIn(value, depth + 1)
  );
}

/** @param {{node: any, conditions: any}} props */
function Conditional({ node, conditions }) {
  const scope = useSight(conditions, pathsIn(conditions));
  return isShown(node, scope) ? h(Opened, { node }) : null;
}

/** A node with a source of its own lets everything below see that data as `data`. @param {{node: any}} props */
function WithData({ node }) {
  const source = useSourceOf(node);
  const { data, error } = useSyncExternalStore(source.subscribe, source.snapshot);
  const value = useMemo(() => ({ node, source }), [node, source]);
  if (error && data === undefined && isBare(node.type)) {
    return h(Problem, {
      title: 'The data could not be loaded',
      message: text(error.message),
      onRetry: () => void source.refresh(),
    });
  }
  return h(Bound.Provider, { value }, h(WithScope, { add: { data } }, h(Drawn, { node })));
}

const Opened = (/** @type {{node: any}} */ { node }) => h(isBound(node) ? WithData : Drawn, { node });

/** Stand-ins for types that no layout named beforehand, such as those of nodes among data. */
const late = new Map();

/** @param {unknown} type @returns {((props: {node: any}) => any) | undefined} */
function partOf(type) {
  // Whatever was drawn through a stand-in stays so, or it would lose its state.
  const Part = late.get(type) ?? lookup(type);
  const coming = Part ? undefined : fetchType(type);
  if (!coming) return Part;
  const Late = lazy(() => coming.then(() => ({ default: /** @type {any} */ (lookup(type)) })));
  late.set(type, (/** @type {{node: any}} */ { node }) => h(Suspense, { fallback: null }, h(Late, { node })));
  return late.get(type);
}

function Drawn(/** @type {{node: any}} */ { node }) {
  const Part = partOf(node.type);
  if (Part) return h(Part, { node });
  return h(Problem, {
    title: 'Unknown component',
    message: text(node.type)
      ? `This page asks for “${cut(node.type, 60)}”, which this version cannot draw.`
      : 'This page has a node that names no “type”.',
  });
}

/** Draws a layout once the files of all its types are here; they are fetched together. @param {{node: any, children?: any}} props */
function Complete({ node, children }) {
  const absent = useMemo(() => absentIn(node), [node]);
  const [settled, settle] = useState(/** @type {string[] | undefined} */ (undefined));
  useEffect(() => {
    let isGone = false;
    // A file that cannot be fetched is told of where its node is drawn.
    globalThis.fetchTypes?.(absent);
    if (absent.length) Promise.allSettled(absent.map(fetchType)).then(() => isGone || settle(absent));
    return () => void (isGone = true);
  }, [absent]);
  return absent.length && settled !== absent ? h(Waiting, { lines: 4 }) : children;
}

/** @param {{node: any}} props */
export function Node({ node }) {
  const depth = useContext(Depth);
  if (node === null || node === undefined || node === false) return null;
  if (Array.isArray(node)) return h(Nodes, { nodes: node });
  if (!isObject(node)) {
    return typeof node === 'string' || typeof node === 'number'
      ? h(Node, { node: { type: 'text', text: text(node) } })
      : null;
  }
  if (depth > DEEPEST_NODE) {
    return h(Problem, {
      title: 'Nested too deeply',
      message: `Parts of this page lie more than ${DEEPEST_NODE} levels deep.`,
    });
  }
  const conditions = conditionsOf(node);
  const isConditional = conditions.show.length + conditions.hide.length > 0;
  const body = isConditional ? h(Conditional, { node, conditions }) : h(Opened, { node });
  const drawn = h(Depth.Provider, { value: depth + 1 }, h(Boundary, { type: text(node.type), node }, body));
  return depth === 0 ? h(Complete, { node }, drawn) : drawn;
}

/** A list of nodes, or one. @param {{nodes: any}} props */
export function Nodes({ nodes }) {
  const list = Array.isArray(nodes) ? nodes : nodes === undefined || nodes === null ? [] : [nodes];
  const over = list.length - MOST_CHILDREN;
  return h(
    Fragment,
    {},
    ...list.slice(0, MOST_CHILDREN).map((node, index) => h(Node, { key: text(node?.id ?? '') + index, node })),
    over > 0 &&
      h(Problem, { key: 'more', title: 'Cut short', message: `${over} further parts of this list are not drawn.` }),
  );
}
