/** Calls at once, then at most once in a while; what came in between is one call at its end. @param {() => unknown} act @param {number} pause milliseconds */
export function calmly(act, pause) {
  let timer = /** @type {any} */ (undefined);
  let again = false;
  const rest = () => {
    timer = undefined;
    if (again) call();
  };
  const call = () => {
    again = timer !== undefined;
    if (again) return;
    timer = setTimeout(rest, pause);
    act();
  };
  return {
    call,
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
      again = false;
    },
  };
}
