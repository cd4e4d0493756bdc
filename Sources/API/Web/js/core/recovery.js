/** Where this page is among the server's events, so that a lost connection loses none of them. */
import { isObject } from './path.js';

export class Place {
  epoch = /** @type {string | undefined} */ (undefined);
  offset = /** @type {string | undefined} */ (undefined);
  /** Whether a connection was ever subscribed. */
  known = false;
  /** The server has been asked for what was missed, and has not answered. */
  waits = false;

  /** What a `subscribe` message says of the place. */
  asked() {
    this.waits = true;
    return this.offset === undefined ? {} : { epoch: this.epoch ?? '', offset: this.offset };
  }

  /**
   * Takes an envelope to account.
   *
   * `isNews`: to be shown. What comes before the answer to `subscribe` comes again after it, unless there was no place
   * to ask from. `isGap`: events are missing that nobody can bring back.
   *
   * @param {any} envelope
   */
  heard({ type, data, offset }) {
    if (type === 'resync') return { isNews: false, isGap: true };
    if (type === 'subscribed' && isObject(data)) {
      // One that answers no question of ours is about other topics, on a connection that lives.
      const isGap = this.waits && this.known && (this.offset === undefined || data.recovered === false);
      // A place is that of the last event that was shown. Without one, or after a gap, it is where the server is.
      if (isGap || this.offset === undefined) this.offset = data.offset;
      this.epoch = data.epoch;
      this.known = true;
      this.waits = false;
      return { isNews: true, isGap };
    }
    if (typeof offset !== 'string') return { isNews: true, isGap: false };
    if (this.waits && this.offset !== undefined) return { isNews: false, isGap: false };
    this.offset = offset;
    return { isNews: true, isGap: false };
  }

  /** Somebody else may sit here next. */
  forget() {
    [this.epoch, this.offset, this.known, this.waits] = [undefined, undefined, false, false];
  }
}
