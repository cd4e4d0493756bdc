/** A WebSocket that a test speaks on, instead of the browser's. Made before net/socket.js is read. */

/** Every connection that the page opened, the latest last. @type {any[]} */
export const lines = [];

Object.assign(globalThis, {
  location: { protocol: 'http:', host: 'here' },
  WebSocket: class {
    readyState = 1;
    sent = /** @type {any[]} */ ([]);
    constructor() {
      lines.push(this);
    }

    /** @param {string} words */
    send(words) {
      this.sent.push(JSON.parse(words));
    }

    close() {}
  },
});

/** Lets everything go on that waits for no time to pass. */
export const settle = async () => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
};
