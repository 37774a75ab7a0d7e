// What is said when there is nothing to show: why, and what helps.

import {make, name} from "./dom.js";
import {clausesOf, without} from "./clauses.js";
import {searchUrl} from "./address.js";

/** Nothing was found: offer the same search without one of its parts. */
export function nothingFound(query) {
  const parts = clausesOf(query);
  return notice("Nothing matches",
    parts.length > 1 ? "Each of these asks for less:" : "No image here is like that.",
    parts.length > 1 ? parts.map((_, n) => without(query, n)) : []);
}

/** The search has a mistake: show where, and the nearest names that there are. */
export function mistake(text, {message, start, end, suggestions = []}) {
  const marked = start >= 0 && end > start;
  const put = (word) => text.slice(0, start) + (/^\w+$/.test(word) ? word : `"${word}"`) + text.slice(end);
  const near = suggestions.length ? ". Near to it:" : "";
  return notice(/^no image/.test(message) ? "Not found here" : "This search has a mistake", message + near, marked ? suggestions.map(put) : [],
    marked ? make("p.faulty", {}, name(text.slice(0, start)), make("mark", {}, name(text.slice(start, end))), name(text.slice(end))) : "");
}

function notice(title, text, ways = [], more = "") {
  const link = (query, label) => make("a.chip", {href: searchUrl(query)}, label);
  return make("section.empty", {role: "alert"}, make("h2", {}, title), more, make("p", {}, name(text)),
    make("p.ways", {}, ...ways.map((query) => link(query, name(query))), link("", "Show all images")));
}
