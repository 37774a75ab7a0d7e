// What the present result consists of. Each entry is a link to a narrower search, or to a wider
// one when it is chosen already.

import {dateName, draw, grouped, images, make, name} from "./dom.js";
import {clausesOf, holds, labelled, toggled, without} from "./clauses.js";
import {toText} from "./query.js";
import {searchUrl} from "./address.js";

const FEW = 8;
const MANY = 40;
const MONTHS = 12;

/** Show the facets of a result; what is open stays open, and what holds the focus keeps it. */
export function showFacets(panel, facets, query, total) {
  const links = () => [...panel.querySelectorAll("a")];
  const lists = () => [...panel.querySelectorAll("details")];
  const titleOf = (details) => details.parentNode.firstChild.textContent;
  const held = links().find((link) => link === document.activeElement)?.dataset.clause;
  const open = lists().filter((details) => details.open).map(titleOf);
  panel.replaceChildren(...facetPanel(facets, query, total));
  for (const details of lists()) details.open = open.includes(titleOf(details));
  if (held) links().find((link) => link.dataset.clause === held)?.focus({preventScroll: true});
}

/** The sections of the panel of facets. */
function facetPanel(facets, query, total) {
  const about = facets.exact ? "" : "about ";
  const entry = (kind, clause, ...content) => make("li", {}, make(`a.${kind}`, {
    href: searchUrl(toggled(query, clause)),
    "data-clause": toText(clause),
    "aria-current": holds(query, clause) < 0 ? null : "true",
  }, ...content));
  const bars = (counts, clause, word = name) => counts
    .filter((one) => one.count < total || holds(query, clause(one.name)) >= 0)
    .map((one) => entry("facet", clause(one.name), make("span.word", {}, word(one.name)),
      make("span.number", {}, make("span.unseen", {}, about), grouped(one.count)), make("progress.meter", {value: one.count / total, "aria-hidden": true})));
  return [
    section("Labels", bars(facets.labels.slice(0, MANY), labelled)),
    section("Categories", bars(facets.categories, (text) => ({op: "category", text}))),
    section("Date", bars(byTime(facets.months), (value) => ({op: "date", value}), dateName)),
    section("Colour", facets.colors.filter((one) => /^[a-z]+$/.test(one.name)).map((one) => entry("swatch", {op: "color", value: one.name},
      draw("svg", {viewBox: "0 0 24 24", class: `dot ${one.name}`}, draw("title", {}, `${one.name}, ${about}${images(one.count)}`),
        draw("circle", {cx: 12, cy: 12, r: 11})))), "swatches"),
    section("Shape", facets.orientations.map((one) => entry("shape", {op: "orientation", value: one.name},
      one.name, make("span.number", {}, grouped(one.count)))), "swatches"),
    about ? make("p.note", {}, "Counts are estimates.") : "",
  ];
}

/** The clauses of a search as chips, each with a way to drop it. */
export function chipRow(query) {
  const clauses = clausesOf(query);
  const chips = clauses.map((clause, n) => make("a.chip", {
    href: searchUrl(without(query, n)),
    "aria-label": `Remove ${toText(clause)}`,
  }, name(toText(clause)), make("span.cross", {"aria-hidden": true}, "×")));
  return chips.length > 1 ? [...chips, make("a.clear", {href: searchUrl("")}, "Clear all")] : chips;
}

function section(title, entries, kind) {
  if (!entries.length) return "";
  const few = kind || entries.length < FEW + 3 ? entries.length : FEW;
  const rest = entries.slice(few);
  return make("section", {}, make("h2", {}, title), make(`ul.${kind ?? "entries"}`, {}, ...entries.slice(0, few)),
    rest.length ? make("details", {}, make("summary", {}, `${rest.length} more`), make("ul", {}, ...rest)) : null);
}

/** Months, or years where there are many months. */
function byTime(months) {
  const years = new Map();
  for (const {name: month, count} of months) {
    const year = month.slice(0, 4);
    years.set(year, (years.get(year) ?? 0) + count);
  }
  if (months.length <= MONTHS || years.size === 1) return months;
  return [...years].map(([year, count]) => ({name: year, count}));
}
