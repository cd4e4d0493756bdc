/** What the scripts in index.html leave behind. None of them brings types. */
declare global {
  var React: any;
  var ReactDOM: { createRoot(node: Element): { render(element: unknown): void } };
  var dash_mantine_components: Record<string, any>;
  /** What early.js asked the server for, by address; undefined when it got no answer. */
  var asked: Record<string, Promise<Response | undefined>> | undefined;
  /** Has the files fetched that draw these types, all at once. */
  var fetchTypes: ((types: string[]) => void) | undefined;
}

export {};
