/** What templates can see at a place in the tree: `row`, `value`, `data` and the like, added by the components around it. */
import { createContext, h, useContext, useMemo } from '../ui/kit.js';

const Scope = createContext(Object.freeze({}));
export const Depth = createContext(0);

export const useScope = () => useContext(Scope);

/** @param {{add: Record<string, unknown>, children?: any}} props */
export function WithScope({ add, children }) {
  const outer = useScope();
  const scope = useMemo(() => ({ ...outer, ...add }), [outer, ...Object.values(add)]);
  return h(Scope.Provider, { value: scope }, children);
}
