// The clauses that a search joins: what chips show, and what facets add and take away.

import {toText} from "./query.js";

/** The clauses of a search: all of them must hold. */
export function clausesOf(query) {
  return query.op === "all" ? [] : query.op === "and" ? query.args : [query];
}

/** The text of a search without its clause of that number. */
export function without(query, number) {
  return joined(clausesOf(query).filter((_, n) => n !== number));
}

/** The text of a search with a clause; without it, where it is there already. */
export function toggled(query, clause) {
  const number = holds(query, clause);
  return number < 0 ? joined([...clausesOf(query), clause]) : without(query, number);
}

/** The number of the clause that says the same, or -1. */
export function holds(query, clause) {
  return clausesOf(query).findIndex((other) => meaning(other) === meaning(clause));
}

/** The clause that finds a label. */
export function labelled(text) {
  return {op: "term", text};
}

function joined(args) {
  return toText(args.length > 1 ? {op: "and", args} : args[0] ?? {op: "all"});
}

function meaning({op, text, ...rest}) {
  return op === "term" || op === "phrase" ? text.toLowerCase() : toText({op, text, ...rest});
}
