/** What the three deferred scripts in index.html leave behind. None of them brings types. */
declare global {
  var React: any;
  var ReactDOM: { createRoot(node: Element): { render(element: unknown): void } };
  var dash_mantine_components: Record<string, any>;
}

export {};
