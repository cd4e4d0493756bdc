/** A value that tells its listeners when it is replaced. `subscribe` and `get` keep their identity, as React's hook wants. */
export class Store {
  #listeners = new Set();
  #value;

  /** @param {any} value */
  constructor(value) {
    this.#value = value;
    this.get = () => this.#value;
    this.subscribe = (/** @type {() => void} */ listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    };
  }

  /** @param {any} next a value, or a function of the old one */
  set(next) {
    const value = typeof next === 'function' ? next(this.#value) : next;
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }
}
