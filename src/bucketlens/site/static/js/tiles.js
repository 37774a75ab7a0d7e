// One picture of the grid: the same element as the page has without scripts.

import {make, name, shown} from "./dom.js";
import {pageUrl, thumbUrl} from "./address.js";
import {tileRatio} from "./justify.js";

/** The tile of a row of the index; old is one of the same picture, which keeps its image. */
export function makeTile(row, query, old) {
  if (!row) return make("li.tile", {});
  const summary = row.labels.slice(0, 3).join(", ");
  const file = row.key.split("/").pop() || row.key;
  const alt = shown(summary ? `Photo: ${summary}` : `Photo without labels: ${file}`);
  const tile = old ?? make("li.tile", {"data-name": row.name}, make("a", {},
    make("img", {src: thumbUrl(row), loading: "lazy", decoding: "async"}),
    make("span.caption", {"aria-hidden": true})));
  const link = tile.firstChild;
  const [image, caption] = link.children;
  image.alt = alt;
  caption.replaceChildren(name(summary || file));
  link.href = pageUrl(row, query);
  if (/^#[0-9a-f]{6}$/i.test(row.color)) link.style.backgroundColor = row.color;
  return tile;
}

/** The shape of the picture in a tile that came with the page. */
export function shapeOf(tile) {
  const image = tile.querySelector("img");
  return tileRatio(+image.getAttribute("width"), +image.getAttribute("height"));
}

/** Put the tile of that number in its place. */
export function placeTile(tile, number, blocks) {
  const box = blocks.box(number);
  for (const side of ["left", "top", "width", "height"]) tile.style[side] = `${box[side]}px`;
  tile.dataset.number = number;
  tile.setAttribute("aria-posinset", number + 1);
  tile.setAttribute("aria-setsize", blocks.count);
}
