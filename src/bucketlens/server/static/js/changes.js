// Whether there is something new to show. The server is asked, and less often while nothing happens;
// a page that nobody sees asks nothing.

import {on} from "./dom.js";

const SOON = 500;
const OFTEN = 2000;
const SELDOM = 15_000;

/** How much longer each pause is than the one before. */
const SLOWER = 1.1;

/** How long something is expected, after an upload. */
const EXPECTED = 30_000;

let expected = 0;
let again = () => {};

/** Something will change in a moment. */
export function expectChange() {
  expected = performance.now() + EXPECTED;
  again();
}

/**
 * Ask again and again; changed(change) says whether a state of the search is another one than what
 * is shown, renew() shows it.
 */
export function watchChanges(base, changed, renew) {
  let known = "";
  let pause = OFTEN;
  let timer = 0;
  again = () => {
    pause = OFTEN;
    next(0);
  };
  on(document, "visibilitychange", again);
  on(window, "pageshow", ({persisted}) => persisted && again());
  next(OFTEN);

  function next(wait) {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, wait);
  }

  async function look() {
    const reply = await fetch(`${base}v1/changes`).catch(() => null);
    if (reply?.status === 401) return;
    pause = Math.min(pause * SLOWER, SELDOM);
    if (reply?.ok) {
      const {lineage, change} = await reply.json();
      if (changed(change) || (known && known !== lineage)) {
        pause = OFTEN;
        expected = 0;
        await renew();
      }
      known = lineage;
    }
    next(performance.now() < expected ? SOON : pause);
  }
}
