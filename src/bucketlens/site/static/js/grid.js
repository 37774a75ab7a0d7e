// The grid: a result as long as it may be, of which only what is near the window has elements.

import {on} from "./dom.js";
import {BLOCK, layBlocks} from "./blocks.js";
import {makeTile, placeTile, shapeOf} from "./tiles.js";
import {tileRatio} from "./justify.js";

/** Pictures that are shown at most: browsers can't scroll further than some 16 million pixels. */
export const FURTHEST = 100_000;

/** Blocks whose rows are remembered; enough to go back and forth without asking again. */
const REMEMBERED = 60;

/** Rows are asked for this often at most, in ms, while someone drags the scroll bar. */
const BREATH = 80;

/** Shows the result of a search in a list; moved(row) hears what is on top. */
export function startGrid(list, moved) {
  const given = [...list.children];
  const standing = new Map();
  const waiting = new Set();
  let known = new Map();
  let blocks = layBlocks(0, 1);
  let spare = new Map();
  let result = null;
  let count = 0;
  let query = "";
  let goal = null;
  let turn = 0;
  let asked = 0;
  let frame = 0;

  adopt();
  on(window, "scroll", soon, {passive: true});
  new ResizeObserver(resize).observe(list);
  return {show, anchor, focused, focus, neighbour};

  /**
   * Show a result; what was shown stays until the first rows are here. The start is the number of
   * the picture to begin with, how far below the window's top, and whether it gets the focus.
   */
  async function show(found, text, start) {
    const mine = ++turn;
    const block = blockOf(start.number);
    const rows = await rowsOf(found, block);
    if (mine !== turn) return;
    [result, query, goal] = [found, text, start];
    count = Math.min(found.total, FURTHEST);
    known = new Map([[block, rows]]);
    waiting.clear();
    lay();
  }

  /** The picture at the top of the window, its id, and how far below the window's top it begins. */
  function anchor() {
    const block = blocks.at(above());
    const boxes = blocks.boxes[block] ?? [];
    const inside = above() - blocks.tops[block];
    const n = Math.max(0, boxes.findIndex((box) => box.top + box.height > inside));
    const number = block * BLOCK + n;
    return count ? {number, id: rowAt(number)?.id, offset: (boxes[n]?.top ?? inside) - inside} : null;
  }

  /** The number of the picture that holds the focus, or -1. */
  function focused() {
    const tile = document.activeElement.closest(".tile");
    return tile && count ? +tile.dataset.number : -1;
  }

  /** Give the focus to a picture, and bring it into the window. */
  function focus(number) {
    const tile = standing.get(blockOf(number))?.[number % BLOCK];
    tile?.firstChild?.focus({preventScroll: true});
    tile?.scrollIntoView({block: "nearest"});
  }

  /** The picture beside, above or below another one, as the arrow keys mean it. */
  function neighbour(number, key) {
    const [step, down] = {ArrowLeft: [-1], ArrowRight: [1], ArrowUp: [-1, 1], ArrowDown: [1, 1]}[key];
    const from = blocks.box(number);
    let [best, least, row] = [number, Infinity];
    for (let n = number + step; n >= 0 && n < count; n += step) {
      const {top, middle} = blocks.box(n);
      if (!down) return n;
      if (top === from.top) continue;
      row ??= top;
      if (top !== row) break;
      const distance = Math.abs(middle - from.middle);
      if (distance < least) [best, least] = [n, distance];
    }
    return best;
  }

  /** Lay out the pictures that came with the page, before any index is here. */
  function adopt() {
    if (!given.length) return;
    blocks = layBlocks(given.length, list.clientWidth);
    blocks.lay(0, given.map(shapeOf));
    standing.set(0, given);
    place();
  }

  /** Lay out all anew. Tiles of pictures that stand are used again, and one keeps the focus. */
  function lay() {
    const held = document.activeElement;
    spare = new Map([...standing.values()].flat().map((tile) => [tile.dataset.name, tile]));
    for (const block of [...standing.keys()]) remove(block);
    blocks = layBlocks(count, list.clientWidth);
    for (const block of known.keys()) learn(block);
    update();
    if (list.contains(held)) held.focus({preventScroll: true});
  }

  function resize() {
    if (list.clientWidth === blocks.width) return;
    if (!count) return adopt();
    goal ??= anchor();
    lay();
  }

  function soon() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      update();
    });
  }

  /** See that what is near the window stands, and that nothing else does. */
  function update() {
    if (!count) return;
    const first = blocks.at(above() - innerHeight);
    const last = blocks.at(above() + 2 * innerHeight);
    for (const block of [...standing.keys()]) {
      if ((block < first || block > last) && block !== blockOf(focused())) remove(block);
    }
    const late = asked + BREATH - performance.now();
    for (let block = first; block <= last; block++) {
      if (known.has(block)) build(block);
      else if (late > 0) setTimeout(soon, late);
      else ask(block);
    }
    const row = rowAt(anchor().number);
    if (row) moved(row);
  }

  /** What is known of a picture. */
  function rowAt(number) {
    return known.get(blockOf(number))?.[number % BLOCK];
  }

  function rowsOf({rows, total}, block) {
    const from = block * BLOCK;
    return total ? rows(from, Math.min(from + BLOCK, total, FURTHEST)) : [];
  }

  async function ask(block) {
    const mine = turn;
    if (waiting.has(block)) return;
    asked = performance.now();
    waiting.add(block);
    const rows = await rowsOf(result, block).catch(() => null);
    if (mine !== turn) return;
    waiting.delete(block);
    if (!rows) return;
    if (known.size > REMEMBERED) known.delete(known.keys().next().value);
    known.set(block, rows);
    learn(block);
    soon();
  }

  /** Lay out a block whose rows are here; what is in the window stays where it is. */
  function learn(block) {
    const passed = above() >= blocks.tops[block + 1];
    const grown = blocks.lay(block, known.get(block).map((row) => tileRatio(row?.width, row?.height)));
    place();
    if (goal) reach();
    else if (passed) scrollBy(0, grown);
  }

  function build(block) {
    if (standing.has(block)) return;
    const tiles = known.get(block).map((row) => {
      const tile = makeTile(row, query, spare.get(row?.name));
      spare.delete(row?.name);
      return tile;
    });
    const after = [...standing.keys()].sort((a, b) => a - b).find((other) => other > block);
    const next = standing.get(after)?.[0] ?? null;
    standing.set(block, tiles);
    for (const tile of tiles) list.insertBefore(tile, next);
    place();
    if (!goal || blockOf(goal.number) !== block) return;
    if (goal.focus) focus(goal.number);
    goal = null;
  }

  function remove(block) {
    for (const tile of standing.get(block)) tile.remove();
    standing.delete(block);
  }

  function place() {
    list.classList.add("laid");
    list.style.height = `${blocks.tops.at(-1)}px`;
    for (const [block, tiles] of standing) {
      tiles.forEach((tile, n) => placeTile(tile, block * BLOCK + n, blocks));
    }
  }

  /** How far the grid's top is above the window's. */
  function above() {
    return -list.getBoundingClientRect().top;
  }

  /** Go to the goal: the top of the page, a height that was left, or a picture in the middle. */
  function reach() {
    const {number, offset} = goal;
    const box = blocks.box(number);
    const shift = offset ?? (innerHeight - box.height) / 2;
    if (number || offset) scrollBy(0, box.top - above() - shift);
    else scrollTo(0, 0);
  }
}

function blockOf(number) {
  return Math.floor(number / BLOCK);
}
