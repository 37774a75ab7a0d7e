// The search box at the top of every page. Without scripts it is a form that opens the index.

import {byId, isShortcut, on} from "./dom.js";
import {startCompletion} from "./completion.js";

/** Bring the box to life; opened() gives the index, search(text) is called with what to find. */
export function startSearch(opened, search) {
  const input = byId("query");
  const close = startCompletion(input, byId("proposals"),
    async (prefix) => (await opened().catch(() => null))?.complete(prefix) ?? [], search);
  on(byId("search"), "submit", (event) => {
    event.preventDefault();
    close();
    search(input.value.trim());
  });
  onKey((key) => {
    if (key !== "/") return false;
    input.focus();
    input.select();
    return true;
  });
  return input;
}

/** Call with each key that is not typed into a field; true says that it was of use. */
export function onKey(press) {
  on(window, "keydown", (event) => {
    const typed = event.target.closest("input:not([type=radio])");
    if (!event.defaultPrevented && !typed && !isShortcut(event) && press(event.key)) event.preventDefault();
  });
}
