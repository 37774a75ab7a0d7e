// Answers to searches from the server, in the place of those from the site's index.

import {watchChanges} from "./changes.js";

/** Images that the first answer brings along; the grid begins with as many. */
const FIRST = 36;

/**
 * Gives a function that opens the answers, as openIndex does. Where the server can't answer, since
 * it is still loading or is gone, the index does.
 *
 * parts: parse(text), which gives the tree of a search, and pieces(), which opens the index.
 */
export function openAnswers(base, {parse, pieces}) {
  let seen = null;
  const changed = (change) => change !== seen;
  return async () => ({complete, search, watch: (renew) => watchChanges(base, changed, renew)});

  async function complete(prefix) {
    const found = await ask(base, "complete", {prefix: prefix.slice(0, 100), published: true}).catch(() => null);
    return found ? found.completions : (await pieces()).complete(prefix);
  }

  async function search(tree, text) {
    const query = {q: text, published: true};
    const page = await ask(base, "images", {...query, limit: FIRST}).catch((error) => {
      if (error.code === "query") throw placed(error, text);
      // The session is over: the page itself leads to the sign-in, and from there back.
      if (error.status === 401) location.reload();
    });
    seen = page?.change;
    if (!page) return (await pieces()).search(tree);
    const {cursor, total, searched, warnings} = page;
    return {
      query: parse(page.query),
      total,
      searched,
      warnings,
      facets: () => ask(base, "facets", query),
      rows,
      place,
    };

    /** What there is to tell of the images from one number to before another. */
    async function rows(from, to) {
      if (to <= FIRST || !cursor) return page.hits.slice(from, to).map(rowOf);
      const start = from < FIRST ? {skip: from} : {cursor, skip: from - FIRST};
      return (await ask(base, "images", {...query, ...start, limit: to - from})).hits.map(rowOf);
    }

    /** The number of an image among those that were found, or -1. */
    async function place(id) {
      const {hits: [hit], offset} = await ask(base, "images", {...query, first: id, limit: 1});
      return hit?.id === id ? offset : -1;
    }
  }
}

async function ask(base, what, values) {
  const reply = await fetch(`${base}v1/${what}?${new URLSearchParams(values)}`);
  if (reply.ok) return reply.json();
  const {detail, title, ...facts} = await reply.json();
  throw Object.assign(new Error(detail || title), facts);
}

/** A mistake in a search, with its place counted as scripts count; the server counts characters. */
function placed(error, text) {
  const unit = (number) => (number < 0 ? number : [...text].slice(0, number).join("").length);
  return Object.assign(error, {start: unit(error.start), end: unit(error.end)});
}

function rowOf({labels, taken, ...hit}) {
  return {...hit, date: taken, labels: labels.map((label) => label.name)};
}
