// The page of an image: the way back to the search, and to the images before and after.

import {byId, grouped, isShortcut, on, put} from "./dom.js";
import {pageUrl, previewUrl, readTrail, searchUrl} from "./address.js";
import {onKey, startSearch} from "./search.js";
import {neighbours} from "./neighbours.js";

const SWIPE = 60;

/** Bring the page of an image to life. */
export async function startImage(opened, base) {
  startSearch(opened, (text) => location.assign(searchUrl(text, base)));
  const {id, query} = readTrail();
  const back = byId("back");
  const ways = {Escape: back};
  const take = (key) => (ways[key]?.click(), key in ways);
  onKey((key) => (key === "b" ? toggleBoxes() : take(key)));
  if (!id) return;
  back.href = `${searchUrl(query, base)}#id=${id}`;
  if (query) back.lastChild.textContent = "Back to results";
  const around = await neighbours(opened, id, query, byId("content").dataset.name).catch(() => null);
  if (!around) return;
  put("place", `${grouped(around.number + 1)} of ${grouped(around.total)}`);
  offer("ArrowLeft", around.before, byId("before"));
  offer("ArrowRight", around.after, byId("after"));
  listenToSwipes((left) => take(left ? "ArrowRight" : "ArrowLeft"));

  /** A way to another image. It takes this one's place, so that the browser's back leads out. */
  function offer(key, row, link) {
    if (!row) return;
    link.href = pageUrl(row, query, base);
    link.hidden = false;
    on(link, "click", (event) => {
      if (isShortcut(event)) return;
      event.preventDefault();
      location.replace(link.href);
    });
    ways[key] = link;
    new Image().src = previewUrl(row, base);
  }
}

/** Show all boxes, or none. */
function toggleBoxes() {
  const none = byId("pick-none");
  if (none) byId(none.checked ? "pick-all" : "pick-none").checked = true;
  return none;
}

function listenToSwipes(swiped) {
  const stage = byId("stage");
  let start = null;
  on(stage, "touchstart", ({touches}) => (start = touches[1] ? null : touches[0]), {passive: true});
  on(stage, "touchend", ({changedTouches: [end]}) => {
    const across = start ? end.clientX - start.clientX : 0;
    if (Math.abs(across) > SWIPE && Math.abs(end.clientY - start.clientY) < SWIPE) swiped(across < 0);
  });
}
