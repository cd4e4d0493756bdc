/** Draws one node of a schema: looks its type up, and keeps whatever goes wrong inside its own frame. */
import { DEEPEST_NODE, MOST_CHILDREN } from '../core/schema.js';
import { cut, text } from '../core/format.js';
import { isObject } from '../core/path.js';
import { Component, Fragment, h, useContext } from '../ui/kit.js';
import { Problem } from '../ui/atoms.js';
import { lookup } from './registry.js';
import { useResolved } from './runtime.js';
import { Depth } from './scope.js';

class Boundary extends Component {
  constructor(/** @type {any} */ props) {
    super(props);
    this.state = { error: /** @type {any} */ (undefined) };
  }

  static getDerivedStateFromError(/** @type {any} */ error) {
    return { error };
  }

  render() {
    if (!this.state.error) return this.props.children;
    return h(Problem, {
      title: `The “${cut(this.props.type, 40)}” part could not be drawn`,
      message: cut(this.state.error.message ?? this.state.error, 200),
    });
  }
}

/** Hidden by its own `visible`, `hidden` or `when`? Templates count. @param {any} node */
function useHidden({ hidden, visible, when }) {
  const shown = useResolved(visible ?? when ?? true);
  const gone = useResolved(hidden ?? false);
  const no = (/** @type {any} */ value) => !value || value === 'false' || value === '0';
  return no(shown) || !no(gone);
}

function Drawn(/** @type {{node: any}} */ { node }) {
  const Part = lookup(node.type);
  const hidden = useHidden(node);
  if (hidden) return null;
  if (Part) return h(Part, { node });
  return h(Problem, {
    title: 'Unknown component',
    message: `This page asks for “${cut(node.type, 60)}”, which this version cannot draw.`,
  });
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
  return h(Depth.Provider, { value: depth + 1 }, h(Boundary, { type: text(node.type) }, h(Drawn, { node })));
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
