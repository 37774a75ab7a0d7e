// The grid: a result as long as it may be, of which only what is near the window has elements.

import {BLOCK, Blocks} from "./blocks.js";
import {makeTile, placeTile, shapeOf} from "./tiles.js";
import {tileRatio} from "./justify.js";

/** Pictures that are shown at most: browsers can't scroll further than some 16 million pixels. */
export const FURTHEST = 100_000;

/** Blocks whose rows are remembered; enough to go back and forth without asking again. */
const REMEMBERED = 60;

/** Rows are asked for this often at most, in ms, while someone drags the scroll bar. */
const BREATH = 80;

/** Shows ids in a list; rows(ids) gives what there is to tell, moved(row) hears what is on top. */
export class Grid {
  #turn = 0;
  #asked = 0;
  #frame = 0;
  #goal = null;
  #known = new Map();
  #standing = new Map();
  #waiting = new Set();
  #blocks = new Blocks(0, 1);

  constructor(list, rows, moved) {
    Object.assign(this, {list, rows, moved, ids: [], query: ""});
    this.given = [...list.children];
    this.#adopt();
    addEventListener("scroll", () => this.#soon(), {passive: true});
    new ResizeObserver(() => this.#resize()).observe(list);
  }

  /**
   * Show a result; what was shown stays until the first rows are here. The goal is the number of
   * the picture to begin with, how far below the window's top, and whether it gets the focus.
   */
  async show(ids, query, goal = {number: 0, offset: 0}) {
    const turn = ++this.#turn;
    const block = Math.floor(goal.number / BLOCK);
    this.#busy(true);
    const rows = ids.length ? await this.rows(idsOf(ids, block)) : [];
    if (turn !== this.#turn) return;
    this.ids = ids.slice(0, FURTHEST);
    this.query = query;
    this.#waiting.clear();
    this.#known = new Map([[block, rows]]);
    this.#goal = goal;
    this.#lay();
    this.#busy(false);
  }

  /** The picture at the top of the window, and how far below the window's top it begins. */
  anchor() {
    const top = this.#top();
    const block = this.#blocks.at(top);
    const boxes = this.#blocks.boxes[block] ?? [];
    const inside = top - this.#blocks.tops[block];
    const n = Math.max(0, boxes.findIndex((box) => box.top + box.height > inside));
    return {number: block * BLOCK + n, offset: (boxes[n]?.top ?? inside) - inside};
  }

  /** The number of the picture that holds the focus, or -1. */
  focused() {
    const tile = document.activeElement.closest(".tile");
    return tile && this.ids.length ? +tile.dataset.number : -1;
  }

  /** Give the focus to a picture, and bring it into the window. */
  focus(number) {
    const tile = this.#standing.get(Math.floor(number / BLOCK))?.[number % BLOCK];
    tile?.firstChild?.focus({preventScroll: true});
    tile?.scrollIntoView({block: "nearest"});
  }

  /** The picture beside, above or below another one, as the arrow keys mean it. */
  neighbour(number, key) {
    const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1}[key] ?? 0;
    const inside = (n) => n >= 0 && n < this.ids.length;
    if (!key.endsWith("p") && !key.endsWith("n")) return inside(number + step) ? number + step : number;
    const from = this.#blocks.box(number);
    const distance = (n) => {
      const box = this.#blocks.box(n);
      return Math.abs(box.left + box.width / 2 - from.left - from.width / 2);
    };
    const rowOf = (n) => this.#blocks.box(n).top;
    let best = number + step;
    while (inside(best) && rowOf(best) === from.top) best += step;
    if (!inside(best)) return number;
    for (let n = best; inside(n) && rowOf(n) === rowOf(best); n += step) {
      if (distance(n) < distance(best)) best = n;
    }
    return best;
  }

  /** Lay out the pictures that came with the page, before any index is here. */
  #adopt() {
    if (!this.given.length) return;
    this.#blocks = new Blocks(this.given.length, this.list.clientWidth);
    this.#blocks.lay(0, this.given.map(shapeOf));
    this.#standing.set(0, this.given);
    this.#place();
  }

  #lay() {
    for (const block of [...this.#standing.keys()]) this.#remove(block);
    this.#blocks = new Blocks(this.ids.length, this.list.clientWidth);
    for (const block of this.#known.keys()) this.#learn(block);
    this.#update();
  }

  #resize() {
    if (this.list.clientWidth === this.#blocks.width) return;
    if (!this.ids.length) return this.#adopt();
    this.#goal ??= this.anchor();
    this.#lay();
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#update();
    });
  }

  /** See that what is near the window stands, and that nothing else does. */
  #update() {
    if (!this.ids.length) return;
    const top = this.#top();
    const first = this.#blocks.at(top - innerHeight);
    const last = this.#blocks.at(top + 2 * innerHeight);
    const held = Math.floor(this.focused() / BLOCK);
    for (const block of [...this.#standing.keys()]) {
      if ((block < first || block > last) && block !== held) this.#remove(block);
    }
    const late = this.#asked + BREATH - performance.now();
    for (let block = first; block <= last; block++) {
      if (this.#known.has(block)) this.#build(block);
      else if (late > 0) setTimeout(() => this.#soon(), late);
      else this.#ask(block);
    }
    const {number} = this.anchor();
    const row = this.#known.get(Math.floor(number / BLOCK))?.[number % BLOCK];
    if (row) this.moved(row);
  }

  async #ask(block) {
    const turn = this.#turn;
    if (this.#waiting.has(block)) return;
    this.#asked = performance.now();
    this.#waiting.add(block);
    const rows = await this.rows(idsOf(this.ids, block)).catch(() => null);
    if (turn !== this.#turn) return;
    this.#waiting.delete(block);
    if (!rows) return;
    if (this.#known.size > REMEMBERED) this.#known.delete(this.#known.keys().next().value);
    this.#known.set(block, rows);
    this.#learn(block);
    this.#soon();
  }

  /** Lay out a block whose rows are here; what is in the window stays where it is. */
  #learn(block) {
    const above = this.#top() >= this.#blocks.tops[block + 1];
    const grown = this.#blocks.lay(block, this.#known.get(block).map((row) => tileRatio(row?.width, row?.height)));
    this.#place();
    if (this.#goal) this.#scroll();
    else if (above) scrollBy(0, grown);
  }

  #build(block) {
    if (this.#standing.has(block)) return;
    const tiles = this.#known.get(block).map((row) => makeTile(row, this.query,
      this.given.find((tile) => !tile.isConnected && tile.dataset.name === row?.name)));
    const after = [...this.#standing.keys()].sort((a, b) => a - b).find((other) => other > block);
    this.#standing.set(block, tiles);
    const next = this.#standing.get(after)?.[0] ?? null;
    for (const tile of tiles) this.list.insertBefore(tile, next);
    this.#place();
    if (!this.#goal || Math.floor(this.#goal.number / BLOCK) !== block) return;
    if (this.#goal.focus) this.focus(this.#goal.number);
    this.#goal = null;
  }

  #remove(block) {
    for (const tile of this.#standing.get(block)) tile.remove();
    this.#standing.delete(block);
  }

  #place() {
    this.list.classList.add("laid");
    this.list.style.height = `${this.#blocks.height}px`;
    for (const [block, tiles] of this.#standing) {
      tiles.forEach((tile, n) => {
        const number = block * BLOCK + n;
        tile.dataset.number = number;
        tile.setAttribute("aria-posinset", number + 1);
        tile.setAttribute("aria-setsize", this.#blocks.count);
        placeTile(tile, this.#blocks.box(number));
      });
    }
  }

  #busy(busy) {
    this.list.setAttribute("aria-busy", busy);
  }

  /** How far the window's top is below the grid's. */
  #top() {
    return -this.list.getBoundingClientRect().top;
  }

  /** Go to the goal: the top of the page, a height that was left, or a picture in the middle. */
  #scroll() {
    const {number, offset} = this.#goal;
    const box = this.#blocks.box(number);
    const shift = offset ?? (innerHeight - box.height) / 2;
    if (number || offset) scrollBy(0, box.top - this.#top() - shift);
    else scrollTo(0, 0);
  }
}

function idsOf(ids, block) {
  return ids.slice(block * BLOCK, (block + 1) * BLOCK);
}
