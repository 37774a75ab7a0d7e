// The index page: the search in the address, its facets, and the grid.

import {byId, dateName, grouped, images, isShortcut, on, put} from "./dom.js";
import {readQuery, readTrail, searchUrl} from "./address.js";
import {mistake, nothingFound} from "./notices.js";
import {chipRow, showFacets} from "./facets.js";
import {FURTHEST, startGrid} from "./grid.js";
import {parse} from "./query.js";
import {onKey, startSearch} from "./search.js";

const STILL = 900;

/** Bring the index page to life. */
export function startGallery(opened) {
  const title = document.title;
  const when = byId("when");
  const grid = startGrid(byId("tiles"), tellDate);
  const input = startSearch(opened, (text) => go(searchUrl(text)));
  let turn = 0;
  let still = 0;

  history.scrollRestoration = "manual";
  on(window, "popstate", () => search(history.state));
  on(window, "pagehide", remember);
  on(document, "click", click);
  onKey(press);
  on(input, "keydown", ({key, defaultPrevented}) => {
    if (key === "Escape" && !defaultPrevented) grid.focus(grid.anchor()?.number);
  });
  search(history.state).then(async () => (await opened()).watch?.(renew));

  /** Search for something else; the browser's back comes back to what is shown now. */
  function go(url) {
    remember();
    history.pushState(null, "", url);
    byId("facets").hidePopover();
    search();
  }

  /** Show what is new; what one looks at stays in sight, and the newest where one is at the top. */
  function renew() {
    const seen = grid.anchor();
    return search({...seen, id: seen?.number && seen.id, renewed: true});
  }

  async function search(start) {
    const mine = ++turn;
    const text = readQuery();
    const busy = (is) => mine === turn && byId("tiles").setAttribute("aria-busy", is);
    busy(true);
    byId("missing").hidden = byId("broken").hidden = true;
    if (!start?.renewed) input.value = text;
    document.title = text ? `${text} – ${title}` : title;
    try {
      const result = await (await opened()).search(parse(text), text);
      const goal = await goalOf(result, start ?? {id: readTrail().id, focus: true});
      if (mine !== turn) return;
      await grid.show(result, text, goal);
      busy(false);
      if (mine !== turn) return;
      tell(result);
      const facets = await result.facets();
      if (mine === turn) showFacets(byId("facets"), facets, result.query, result.total);
    } catch (error) {
      busy(false);
      if (mine === turn) fail(text, error);
    }
  }

  function tell({total, searched, warnings, query}) {
    const status = query.op === "all" ? images(total) : `${images(total)} of ${grouped(searched)}`;
    put("status", [status, ...warnings].join(" · "));
    put("chips", ...chipRow(query));
    put("notice", total || !searched ? "" : nothingFound(query));
    put("more", total > FURTHEST ? `These are the newest ${images(FURTHEST)}. Narrow the search to see others.` : "");
  }

  function fail(text, error) {
    if ("start" in error) {
      grid.show({total: 0}, text, {number: 0});
      put("status", "");
      put("chips");
      put("facets");
      put("notice", mistake(text, error));
    } else {
      byId(error.code === "missing" ? "missing" : "broken").hidden = false;
      if (!error.code) throw error;
    }
  }

  /** Where to begin: with the image that was on top or that one comes back from, if it is there. */
  async function goalOf({place, total}, {id, number = 0, offset = 0, ...goal}) {
    const found = id ? await place(id) : -1;
    if (found >= 0) return {number: found, offset: goal.focus ? undefined : offset, ...goal};
    return {number: Math.max(0, Math.min(number, total - 1)), offset};
  }

  function remember() {
    history.replaceState(grid.anchor(), "");
  }

  /** Links to searches stay on this page. */
  function click(event) {
    const href = event.target.closest("a")?.getAttribute("href") ?? "";
    if (isShortcut(event) || !/^index\.html(\?|$)/.test(href)) return;
    event.preventDefault();
    go(href);
  }

  /** Arrow keys go from picture to picture; Escape leads to the search. */
  function press(key) {
    const number = grid.focused();
    if (number < 0 || !/^Arrow|^Escape/.test(key)) return false;
    if (key === "Escape") input.focus();
    else grid.focus(grid.neighbour(number, key));
    return true;
  }

  function tellDate(row) {
    put("when", dateName(row.date.slice(0, 7)));
    when.classList.toggle("seen", scrollY > innerHeight);
    clearTimeout(still);
    still = setTimeout(() => when.classList.remove("seen"), STILL);
  }
}
