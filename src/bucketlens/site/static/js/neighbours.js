// The images before and after one, within a search. A stretch of them is kept for the session,
// so that the next page needs no index.

import {parse} from "./query.js";

const STRETCH = 40;
const KEPT = "bucketlens";

/** {number, total, before, after} of an image in a search, or null when it is not found there. */
export async function neighbours(opened, id, query, name) {
  const place = location.pathname.replace(/\/images\/.*/, "");
  const kept = recall();
  const near = kept.query === query && kept.place === place && within(kept, id, name);
  if (near && near.before !== undefined && near.after !== undefined) return near;
  const index = await opened();
  const {place: find, rows: read, total} = await index.search(parse(query), query);
  const at = await find(id);
  if (at < 0) return null;
  const from = Math.max(0, at - STRETCH);
  const found = await read(from, Math.min(at + STRETCH + 1, total));
  const rows = found.map((row) => row && {id: row.id, name: row.name});
  const stretch = {query, place, total, from, rows};
  try {
    sessionStorage[KEPT] = JSON.stringify(stretch);
  } catch {
    // Where nothing may be kept, each page asks the index.
  }
  return within(stretch, id, name);
}

/** Around an image of a stretch: null where the search ends, undefined where the stretch does. */
function within({total, from, rows}, id, name) {
  const at = rows.findIndex((row) => row?.id === id && row.name === name);
  const number = from + at;
  const before = number ? rows[at - 1] : null;
  const after = number + 1 < total ? rows[at + 1] : null;
  return at < 0 ? null : {number, total, before, after};
}

/** What is kept is another site's or another search's, or may not be looked at: then nothing. */
function recall() {
  try {
    return JSON.parse(sessionStorage[KEPT]);
  } catch {
    return {};
  }
}
