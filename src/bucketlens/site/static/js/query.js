// The query language: text to tree, tree to text, and what words mean in a collection.
// The rules are those of the Python package bucketlens.query; tests/query/cases.json holds for both.

const Q_STEPS = [50, 60, 70, 80, 90, 95, 98];
export const COLORS = "black blue brown cyan green grey orange pink purple red white yellow".split(" ");
export const NAME_NEEDS_SERVER = "names of files are searched by a server or the command line only";
const Q_FIELDS = "after before category color confidence date name orientation".split(" ");
const Q_JOINTS = {__proto__: null, OR: "or", AND: "and", NOT: "-"};
const Q_NAMED = ["term", "phrase", "category"];
const Q_OPERAND = /["“-„]((?:\\[^]|[^"“-„\\])*)(["“-„]?)|([^()"“-„\s]+)/.source;
const Q_TOKEN = new RegExp(`\\s*(?:([()]|-(?=\\S))|([A-Za-z]+)(?:\\s*([<>])|:\\s*([<>]?))=?\\s*(?:${Q_OPERAND})?|${Q_OPERAND})`, "y");
const Q_UNFIT = /^$|^=|[()"“-„\s<>]/;

export class QueryError extends Error {
  constructor(message, start, end, suggestions = []) {
    super(message);
    Object.assign(this, {start, end, suggestions});
  }
}

function qFail(message, {start, end}, suggestions) {
  throw new QueryError(message, start, end, suggestions);
}

// A token: kind, text, place, and how a confidence is compared.
function qToken(text, from) {
  Q_TOKEN.lastIndex = from;
  const found = Q_TOKEN.exec(text);
  if (!found) return null;
  const [, sign, name, ...rest] = found;
  const token = {kind: sign, text: sign, start: from + found[0].search(/\S/), end: Q_TOKEN.lastIndex};
  if (sign) return token;
  const [quoted, closed, word] = rest.slice(name ? 2 : 5);
  if (closed === "") qFail("the quote is not closed", {start: token.start, end: text.length});
  token.text = word ?? quoted?.replace(/\\([^])/g, "$1");
  token.kind = word ? Q_JOINTS[word] || (/^=|[<>]/.test(word) ? "phrase" : "word") : "phrase";
  if (name) {
    const cmp = rest[0] || rest[1];
    token.kind = name.toLowerCase().replace("colour", "color");
    token.cmp = cmp || ">";
    if (!Q_FIELDS.includes(token.kind) || (cmp && token.kind !== "confidence")) {
      qFail(`there is no “${name}${cmp || ":"}”, only ${Q_FIELDS.join(":, ")}:; other colons stand in quotes`, token);
    }
    if (!token.text) qFail(`“${name}${cmp || ":"}” needs a value`, token);
  } else if (word === "-") qFail("a minus stands right before what it leaves out", token);
  else if (!token.text.trim()) qFail("there is nothing between these quotes", token);
  return token;
}

export function parse(text) {
  const tokens = [];
  if ([...text].length > 1000) qFail("the query is longer than 1000 characters", {start: 1000, end: text.length});
  for (let token; (token = qToken(text, token?.end || 0)); tokens.push(token));
  if (tokens.length > 100) qFail("the query is longer than 100 words", {start: tokens[100].start, end: text.length});
  let next = 0;
  const at = (...kinds) => kinds.includes(tokens[next]?.kind);
  const apart = (node) => (node.op === "term" ? {...node, op: "phrase"} : node);

  function series(op, part, goesOn) {
    const args = [part()];
    while (goesOn()) {
      if (!at("or", "and")) args.push(part());
      else if (tokens[next++].kind === "or") args.push(part());
      else args.push(apart(args.pop()), apart(part()));
    }
    return args.length > 1 ? {op, args} : args[0];
  }

  const all = () => series("and", single, () => next < tokens.length && !at("or", ")"));
  const either = () => series("or", all, () => at("or"));

  function single() {
    if (!tokens[next] || at("or", "and", ")")) misplaced();
    const token = tokens[next++];
    if (token.kind === "-") return {op: "not", arg: single()};
    if (token.kind !== "(") return qLeaf(token);
    const inner = either();
    if (!at(")")) qFail("this bracket is not closed", token);
    next++;
    return inner;
  }

  function misplaced() {
    const before = tokens[next - 1];
    if (["or", "and", "-", "("].includes(before?.kind)) qFail(`something has to follow “${before.text}”`, before);
    qFail(`“${tokens[next].text}” does not belong here`, tokens[next]);
  }

  if (!tokens.length) return {op: "all"};
  const tree = either();
  if (tokens[next]) misplaced();
  return tree;
}

function qLeaf(token) {
  const {kind, text, start, end, cmp} = token;
  const at = [start, end];
  const fail = (message) => qFail(kind + message, token);
  if (kind === "word") return {op: "term", text, at};
  if (kind === "phrase" || kind === "category") return {op: kind, text, at};
  if (kind === "name") return {op: kind, pattern: text, at};
  let value = parseFloat(text);
  if (kind === "confidence") {
    if (!/^\d{1,3}(\.\d{1,2})?%?$/.test(text) || value > 100) fail(" is a number from 0 to 100, as in confidence>80");
    return {op: kind, cmp, value, at};
  }
  const known = {color: COLORS, orientation: ["landscape", "portrait", "square"]}[kind];
  if (known) {
    value = text.toLowerCase().replace("gray", "grey");
    if (!known.includes(value)) fail(`: is one of ${known.join(", ")}`);
    return {op: kind, value, at};
  }
  value = text.replace(/[-/](\d)(?!\d)/g, "-0$1").replaceAll("/", "-");
  if (!/^[1-9]\d{3}(-\d\d){0,2}$/.test(value) || qDay(value, 0) !== qFirst(value)) {
    fail(`: is a year, month or day, as in ${kind}:2026-01 or ${kind}:2026-01-31`);
  }
  return {op: kind, value: kind === "date" ? value : qFirst(value), at};
}

// The first day of a year, a month or a day, and of the one that is so many later.
function qFirst(value) {
  return value + "-01-01".slice(value.length - 4);
}

function qDay(value, later) {
  const date = qFirst(value).split("-").map(Number);
  date[(value.length - 4) / 3] += later;
  return new Date(Date.UTC(date[0], date[1] - 1, date[2])).toISOString().slice(0, 10);
}

export function toText({op, args, arg, cmp = ":", text, pattern, value}) {
  const inner = (node) => (node.args ? `(${toText(node)})` : toText(node));
  if (op === "all") return "";
  if (op === "not") return `-${inner(arg)}`;
  if (op === "and") return args.map(inner).join(" ");
  if (op === "or") return args.map((node) => (node.op === op ? inner : toText)(node)).join(" OR ");
  const said = text ?? pattern ?? `${value}`;
  const bare = op === "term" ? !/^(-|[A-Za-z]+:|(OR|AND|NOT)$)/.test(said) : op !== "phrase";
  const shown = bare && !Q_UNFIT.test(said) ? said : `"${said.replace(/["“-„\\]/g, "\\$&")}"`;
  return op === "term" || op === "phrase" ? shown : op + cmp + shown;
}

// Where the word that is being typed stands, and what of it comes before the caret.
export function wordAt(text, caret) {
  const head = text.slice(0, caret);
  const inQuotes = head.split(/["“-„]/).length % 2 === 0;
  let start = head.search(inQuotes ? /(category:\s*)?["“-„][^"“-„]*$/i : /(category:\s*)?[^()"“-„\s]*$/i);
  if (head[start] === "-") start++;
  return {start, end: caret + text.slice(caret).search(/[()"“-„\s]|$/), prefix: head.slice(start)};
}

// What spellings of one name have in common.
function qKey(text) {
  const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  return plain.replace(/[.,;!?'‘’]/g, "").replace(/[-_‐-―\s]+/g, " ").trim() || plain;
}

// A key with the singulars and plurals that it may have.
function qNumbers(key) {
  const singular = [[/ies$/, "y"], [/ves$/, "f"], [/ves$/, "fe"], [/es$/, ""], [/(?<!s)s$/, ""]];
  const rules = [...(key.length > 3 ? singular : []), [/y$/, "ies"], [/$/, "s"], [/$/, "es"]];
  return [key, ...rules.filter(([end]) => end.test(key)).map(([end, other]) => key.replace(end, other))];
}

// Letters changed, added, dropped or swapped; more than the limit where there are too many.
function qDistance(one, other, limit) {
  const most = one[0] === other[0] ? limit : 1;
  let [earlier, above] = [[], [...other, 0].map((_, j) => j)];
  for (let i = 0; i < one.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const swapped = i && one[i] === other[j - 1] && one[i - 1] === other[j] ? earlier[j - 1] + 1 : 99;
      row.push(Math.min(above[j + 1] + 1, row[j] + 1, above[j] + (one[i] !== other[j]), swapped));
    }
    [earlier, above] = [above, row];
  }
  return above.at(-1) <= most ? above.at(-1) : limit + 1;
}

// The best of each place, in order of their ranks: numbers, then a text.
function qRanked(found, most) {
  const compare = (one, other) => {
    const at = one.rank.findIndex((value, i) => value !== other.rank[i]);
    return at < 0 ? 0 : one.rank[at] < other.rank[at] ? -1 : 1;
  };
  const best = new Map();
  for (const each of found.sort(compare)) if (!best.has(each.place)) best.set(each.place, each);
  return [...best.values()].slice(0, most);
}

export class Vocabulary {
  constructor(labels, categories = []) {
    this.entries = [];
    this.related = [];
    this.words = new Map();
    const word = (key) => this.words.get(key) || this.words.set(key, {label: new Set(), alias: new Set(), category: new Set()}).get(key);
    const add = (kind, text, {id, name, count}, key = qKey(text)) => {
      if (count) this.entries.push({key, text, kind, name, count});
      word(key)[kind].add(id ?? name);
    };
    for (const label of labels) {
      add("label", label.name, label);
      for (const alias of label.aliases) add("alias", alias, label);
      for (const each of label.related ?? []) this.related.push([qKey(each), label]);
    }
    for (const category of categories) {
      add("category", category.name, category);
      for (const part of category.name.split(" and ")) word(qKey(part)).category.add(category.name);
    }
    this.compact = new Map([...this.words].reverse().map(([key, found]) => [key.replaceAll(" ", ""), found]));
  }

  find(words, key, only) {
    const found = qNumbers(key).map((each) => words.get(each) || {});
    for (const {label, alias} of only ? [] : found) {
      const ids = label?.size ? label : alias;
      if (ids?.size) return [...ids].map((id) => ({op: "label", id}));
    }
    const names = found.find(({category}) => category?.size)?.category;
    return names && [...names].map((name) => ({op: "incategory", name}));
  }

  near(text, only) {
    const key = qKey(text);
    const limit = Math.min(3, 1 + Math.floor(key.length / 5));
    const found = this.entries.filter(({kind}) => !only || kind === "category").map(({key: place, count, text: word}) => {
      const parts = place.split(" ").map((part) => 1 + qDistance(key, part, limit));
      const begins = key.length > 2 && ` ${place}`.includes(` ${key}`);
      return {place, rank: [begins ? 1 : Math.min(qDistance(key, place, limit), ...parts), -count, word]};
    });
    const words = only ? [] : qNumbers(key);
    for (const [word, {name, count}] of this.related)
      if (count && words.includes(word)) found.push({place: qKey(name), rank: [0, -count, name]});
    return qRanked(found.filter(({rank}) => rank[0] <= limit), 3).map(({rank}) => rank[2]);
  }

  // What a word that is being typed may become: the likely and the frequent first.
  complete(prefix, limit = 8) {
    const only = /^category:\s*/i.exec(prefix)?.[0];
    const key = qKey(prefix.slice(only?.length || 0).replace(/^["“-„]+/, ""));
    const found = this.entries.filter((entry) => (!only || entry.kind === "category") && ` ${entry.key}`.includes(` ${key}`));
    return qRanked(found.map(({key: word, text, kind, name, count}) => ({
      place: (kind === "category") + name,
      rank: [word.startsWith(key) ? +(kind !== "label") : 2, -count, text],
      text: toText({op: kind === "category" ? kind : "term", text: name}),
      kind, name, count,
      alias: kind === "alias" ? text : "",
    })), limit);
  }

  // What has to hold for an image, the query with its names joined, and what is answered otherwise.
  resolve(ast) {
    const query = this.join(ast);
    const notes = new Set();
    return {node: this.mean(query, [0, 8], notes), query, warnings: [...notes]};
  }

  // Neighbouring words that are one name become a phrase; the longest name wins.
  join(node) {
    const {op, arg} = node;
    if (op === "not") return {op, arg: this.join(arg)};
    if (op === "or") return {op, args: node.args.map((each) => this.join(each))};
    if (op !== "and") return node;
    const args = [];
    for (let rest = node.args; rest.length; ) {
      let count = [...rest, {}].findIndex((each) => each.op !== "term");
      const text = () => rest.slice(0, count).map((term) => term.text).join(" ");
      for (count = Math.min(6, count); count > 1 && !this.find(this.words, qKey(text())); ) count--;
      const at = count > 1 && rest[0].at && [rest[0].at[0], rest[count - 1].at[1]];
      args.push(count > 1 ? {op: "phrase", text: text(), ...(at && {at})} : this.join(rest[0]));
      rest = rest.slice(count || 1);
    }
    return args.length > 1 ? {op, args} : args[0];
  }

  // A condition from a query; levels is what clauses of confidence around it ask for.
  mean(node, levels, notes, excluding) {
    const {op, arg, value} = node;
    const all = (some) => some.map((each) => this.mean(each, levels, notes, excluding));
    const joined = (name, args) => (args.length > 1 ? {op: name, args} : args[0]);
    if (op === "or") return {op, args: all(node.args)};
    if (op === "not") return {op, arg: this.mean(arg, [0, 8], notes, true)};
    if (op === "before") return {op: "days", from: null, to: value};
    if (op === "after") return {op: "days", from: value, to: null};
    if (op === "date") return {op: "days", from: qFirst(value), to: value.startsWith("9999") ? null : qDay(value, 1)};
    if (Q_NAMED.includes(op)) {
      const [least, most] = levels;
      return joined("or", this.known(node, excluding && notes).map((each) => (each.op === "none" ? each : {...each, least, most})));
    }
    if (op !== "and" && op !== "confidence") return node;
    const args = node.args || [node];
    const rest = args.filter((each) => each.op !== "confidence");
    for (const each of args) if (each.op === "confidence") levels = qNarrowed(levels, each, notes);
    const [least, most] = levels;
    const alone = rest.length < args.length && !rest.some(qSpeaksOfLabels);
    return joined("and", [...all(rest), ...(alone ? [{op: "anylabel", least, most}] : [])]);
  }

  known({op, text, at: [start, end] = [-1, -1]}, notes) {
    const key = qKey(text);
    const only = op === "category";
    const found = this.find(this.words, key, only) || this.find(this.compact, key.replaceAll(" ", ""), only);
    if (found) return found;
    const joint = key.toUpperCase();
    if (Q_JOINTS[joint]) qFail(`to join words, write ${joint} in capitals`, {start, end});
    const message = `no image here ${only ? "is of a category" : "has a label called"} “${text}”`;
    if (!notes) qFail(message, {start, end}, this.near(text, only));
    notes.add(message);
    return [{op: "none"}];
  }
}

function qSpeaksOfLabels(node) {
  return node.args ? node.args.some(qSpeaksOfLabels) : [...Q_NAMED, "confidence"].includes(node.op);
}

// The levels that a clause of confidence leaves, widened to the steps that there are.
function qNarrowed([least, most], {cmp, value}, notes) {
  const bounds = [0, ...Q_STEPS, 100];
  const reached = Q_STEPS.filter((step) => value >= step).length;
  const edge = cmp === ">" || bounds[reached] === value ? reached : reached + 1;
  if (bounds[edge] !== value) notes.add(`confidence goes by steps: ${bounds[edge]} instead of ${value}`);
  return cmp === ">" ? [Math.max(least, edge), most] : [least, Math.min(most, edge)];
}
