// Where the pictures of a long result lie. Blocks that were not looked at yet are guessed.

import {justify} from "./justify.js";

/** Pictures that are fetched, laid out and removed together; the page begins with as many. */
export const BLOCK = 60;

const GUESS = 1.4;

/** The heights and rows of all blocks of a result. */
export class Blocks {
  constructor(count, width) {
    this.count = count;
    this.width = width;
    this.gap = width < 600 ? 4 : 8;
    this.target = Math.min(Math.max(112, 0.08 * width + 76), 210);
    this.boxes = [];
    this.size = Math.ceil(count / BLOCK);
    this.tops = new Float64Array(this.size + 1);
    this.#stack(new Float64Array(this.size).map((_, block) => this.#guess(block)));
  }

  /** The height of all. */
  get height() {
    return this.tops[this.size];
  }

  /** The block at a height, within what there is. */
  at(top) {
    let low = 0;
    let high = this.size - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= top) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Lay out a block by the shapes of its pictures; gives by how much it grew. */
  lay(block, ratios) {
    const rows = justify(ratios, this.width, this.target, this.gap, block === this.size - 1);
    const boxes = [];
    let top = 0;
    for (const {from, to, height} of rows) {
      let left = 0;
      for (let n = from; n < to; n++) {
        const width = ratios[n] * height;
        boxes.push({left, top, width, height});
        left += width + this.gap;
      }
      top += height + this.gap;
    }
    this.boxes[block] = boxes;
    const heights = this.tops.slice(1).map((end, n) => end - this.tops[n]);
    const grown = top - heights[block];
    heights[block] = top;
    this.#stack(heights);
    return grown;
  }

  /** The box of a picture on the whole sheet; of an unknown one only its height is guessed. */
  box(number) {
    const block = Math.floor(number / BLOCK);
    const box = this.boxes[block]?.[number % BLOCK] ?? {left: 0, top: 0, width: 0, height: this.target};
    return {...box, top: box.top + this.tops[block]};
  }

  #guess(block) {
    const pictures = Math.min(BLOCK, this.count - block * BLOCK);
    const rows = Math.ceil((pictures * (GUESS * this.target + this.gap)) / this.width);
    return rows * (this.target + this.gap);
  }

  #stack(heights) {
    heights.forEach((height, block) => (this.tops[block + 1] = this.tops[block] + height));
  }
}
