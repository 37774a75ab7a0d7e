// The index page: the search in the address, its facets, and the grid.

import {byId, dateName, images, isShortcut, on, put} from "./dom.js";
import {position, readQuery, readTrail, searchUrl} from "./address.js";
import {mistake, nothingFound} from "./notices.js";
import {chipRow, facetPanel} from "./facets.js";
import {FURTHEST, startGrid} from "./grid.js";
import {parse, QueryError} from "./query.js";
import {onKey, startSearch} from "./search.js";

const STILL = 900;

/** Bring the index page to life. */
export function startGallery(opened) {
  const title = document.title;
  const when = byId("when");
  const grid = startGrid(byId("tiles"), async (ids) => (await opened()).rows(ids), tellDate);
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
  search(history.state);

  /** Search for something else; the browser's back comes back to what is shown now. */
  function go(url) {
    remember();
    history.pushState(null, "", url);
    byId("facets").hidePopover();
    search();
  }

  async function search(goal) {
    const mine = ++turn;
    const text = readQuery();
    const busy = (is) => mine === turn && byId("tiles").setAttribute("aria-busy", is);
    busy(true);
    byId("missing").hidden = byId("broken").hidden = true;
    input.value = text;
    document.title = text ? `${text} – ${title}` : title;
    try {
      const index = await opened();
      const result = await index.search(parse(text));
      if (mine !== turn) return;
      await grid.show(result.ids, text, goal ?? origin(result.ids));
      busy(false);
      if (mine !== turn) return;
      tell(result, index.total);
      const facets = await result.facets();
      if (mine === turn) put("facets", ...facetPanel(facets, result.query, result.total));
    } catch (error) {
      busy(false);
      if (mine === turn) fail(text, error);
    }
  }

  function tell({total, warnings, query}, all) {
    const status = query.op === "all" ? images(all) : `${images(total)} of ${all.toLocaleString("en")}`;
    put("status", [status, ...warnings].join(" · "));
    put("chips", ...chipRow(query));
    put("notice", total || !all ? "" : nothingFound(query));
    put("more", total > FURTHEST ? `These are the newest ${images(FURTHEST)}. Narrow the search to see others.` : "");
  }

  function fail(text, error) {
    if (error instanceof QueryError) {
      grid.show([], text, {number: 0});
      put("status", "");
      put("chips");
      put("facets");
      put("notice", mistake(text, error));
    } else {
      byId(error.code === "missing" ? "missing" : "broken").hidden = false;
      if (!error.code) throw error;
    }
  }

  /** The image that one came back from, if the address names it. */
  function origin(ids) {
    const number = position(ids, readTrail().id);
    return number < 0 ? {number: 0, offset: 0} : {number, focus: true};
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
