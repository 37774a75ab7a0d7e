// The address bar holds the state: what is searched for, and the image that one came from.

/** What the address asks for. */
export function readQuery() {
  return new URLSearchParams(location.search).get("q") ?? "";
}

/** The address of a search, on a page that is base away from the site's root. */
export function searchUrl(query, base = "") {
  return `${base}index.html${query ? `?q=${encode(query)}` : ""}`;
}

/** The address of an image's page; it remembers the search, so that the next image is known. */
export function pageUrl(row, query, base = "") {
  return `${base}images/${path(row.name)}.html#id=${row.id}${query ? `&q=${encode(query)}` : ""}`;
}

/** The small picture of an image. */
export function thumbUrl(row) {
  return `thumbs/${path(row.name)}.jpg`;
}

/** The larger picture of an image. */
export function previewUrl(row, base) {
  return `${base}previews/${path(row.name)}.jpg`;
}

/** What stands behind the # of the address: the image's id or null, and the search. */
export function readTrail() {
  const values = new URLSearchParams(location.hash.slice(1));
  const id = Number(values.get("id") ?? NaN);
  return {id: Number.isSafeInteger(id) ? id : null, query: values.get("q") ?? ""};
}

/** Where an id stands among ids that fall; -1 when it is not there. */
export function position(ids, id) {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ids[middle] > id) low = middle + 1;
    else high = middle;
  }
  return ids[low] === id ? low : -1;
}

/** A path, quoted for an address. */
export function path(text) {
  return text.split("/").map(encode).join("/");
}

function encode(text) {
  return encodeURIComponent(text.toWellFormed?.() ?? text);
}
