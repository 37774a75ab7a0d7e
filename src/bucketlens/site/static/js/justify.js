// Rows of pictures that fill the width, by the least departure from the height that is wanted.

const MOST = 14;

/** Width to height as a tile shows it: very long shapes show their middle. */
export function tileRatio(width, height) {
  return Math.min(Math.max(width / height || 1, 0.5), 2.4);
}

/**
 * Cut pictures into rows: [{from, to, height}], pictures from <= n < to.
 * The last row is stretched too, unless the pictures end there.
 */
export function justify(ratios, width, target, gap, ends) {
  const count = ratios.length;
  const cost = [0];
  const start = [0];
  const heights = [0];
  for (let to = 1; to <= count; to++) {
    cost[to] = Infinity;
    let sum = 0;
    for (let from = to - 1; from >= 0 && to - from <= MOST; from--) {
      sum += ratios[from];
      const full = (width - gap * (to - from - 1)) / sum;
      const ragged = ends && to === count && full > target;
      const height = ragged ? target : full;
      const price = cost[from] + (ragged ? 0 : Math.log(height / target) ** 2);
      if (price < cost[to]) [cost[to], start[to], heights[to]] = [price, from, height];
    }
  }
  const rows = [];
  for (let to = count; to > 0; to = start[to]) rows.unshift({from: start[to], to, height: heights[to]});
  return rows;
}
