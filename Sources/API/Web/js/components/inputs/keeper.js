/** Who keeps a setting's file; nobody outside of settings. */
import { createContext } from '../../ui/kit.js';

/** @type {any} */
export const Keeper = createContext(
  /** @type {undefined | ((field: string, file: File, sent: (share: number) => void) => Promise<any>)} */ (undefined),
);
