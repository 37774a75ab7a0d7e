// Where the pictures of a long result lie. Blocks that were not looked at yet are guessed.

import {justify} from "./justify.js";

/** Pictures that are fetched, laid out and removed together; the page begins with as many. */
export const BLOCK = 36;

/** Width to height of pictures that are not known. */
const GUESS = 1.4;

/** So few pictures are shown larger. */
const FEW_IMAGES = 16;

/** The tops of all blocks of a result, and the boxes of the pictures in those that are known. */
export function layBlocks(count, width) {
  const size = Math.ceil(count / BLOCK);
  const gap = width < 600 ? 4 : 8;
  const target = Math.min(Math.max(112, 0.08 * width + 76), 210) * (count < FEW_IMAGES ? 1.3 : 1);
  const boxes = [];
  const tops = new Float64Array(size + 1);
  for (let block = 0; block < size; block++) {
    const rows = Math.ceil((Math.min(BLOCK, count - block * BLOCK) * (GUESS * target + gap)) / width);
    tops[block + 1] = tops[block] + rows * (target + gap);
  }
  return {count, width, boxes, tops, at, lay, box};

  /** The block at a height, within what there is. */
  function at(top) {
    let low = 0;
    let high = size - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (tops[middle] <= top) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Lay out a block by the shapes of its pictures; gives by how much it grew. */
  function lay(block, ratios) {
    let top = 0;
    boxes[block] = [];
    for (const {from, to, height} of justify(ratios, width, target, gap, block === size - 1)) {
      let left = 0;
      for (const ratio of ratios.slice(from, to)) {
        boxes[block].push({left, top, width: ratio * height, height});
        left += ratio * height + gap;
      }
      top += height + gap;
    }
    const grown = tops[block] + top - tops[block + 1];
    for (let n = block + 1; n <= size; n++) tops[n] += grown;
    return grown;
  }

  /** The box of a picture on the whole sheet; of an unknown one only its height is guessed. */
  function box(number) {
    const block = Math.floor(number / BLOCK);
    const known = boxes[block]?.[number % BLOCK] ?? {left: 0, top: 0, width: 0, height: target};
    return {...known, top: known.top + tops[block], middle: known.left + known.width / 2};
  }
}
