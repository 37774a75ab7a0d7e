// Reads the index of the site and answers queries from it: docs/site-format.md says what the
// pieces hold. One manifest, read once, is the state that all answers of an IxState come from.

import {position} from "./address.js";
import {COLORS, NAME_NEEDS_SERVER, QueryError, Vocabulary} from "./query.js";

const IX_FORMAT = 1;
// As in Python: entries of lists in a piece, images in a piece of facts, in a block, in rows.
const IX_LISTS = 8192;
const IX_FACTS = 1024;
const IX_BLOCK = 2048;
const IX_ROWS = 64;
// Results that are always counted one by one. More are too, while that takes no more than so many
// images' facts; beyond they are estimated from a sample.
const IX_EXACT = 5000;
const IX_CHEAP = 20000;
const IX_SAMPLE = 4096;
// Pieces that are kept; about 8 KB each.
const IX_KEPT = 512;
const IX_ORIENTATIONS = ["landscape", "portrait", "square"];

const ixLoading = new Map();
globalThis.bucketlens = {piece: (name, value) => ixLoading.get(name)?.take(value)};

const ixError = (code, message) => Object.assign(new Error(message), {code});

// A piece over HTTP: what stands between the brackets is read as JSON. The manifest never comes from
// the cache, since plain servers tell its versions apart by whole seconds.
async function ixFetch(url, fresh) {
  const answer = await fetch(url, {cache: fresh ? "no-store" : "default"});
  // A bucket that may not be listed says 403 for what is not there.
  if (!answer.ok) throw ixError([403, 404].includes(answer.status) ? "gone" : "broken", `${url}: ${answer.status}`);
  const text = await answer.text();
  return JSON.parse(text.slice(text.indexOf(",") + 1, text.lastIndexOf(")")));
}

// A piece in a folder, where only scripts may be loaded: it calls bucketlens.piece.
function ixLoad(url, name) {
  const loading = ixLoading.get(name) ?? {};
  return loading.promise ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const end = (settle, value) => {
      ixLoading.delete(name);
      script.remove();
      settle(value);
    };
    loading.take = (value) => end(resolve, value);
    script.onload = () => end(reject, ixError("broken", `${url} is damaged`));
    script.onerror = () => end(reject, ixError("gone", `${url} is not there`));
    script.src = url;
    ixLoading.set(name, loading);
    document.head.append(script);
  });
}

const ixBytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

async function ixUnpack(text) {
  const stream = new Blob([ixBytes(text)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Numbers of seven bits a byte, one after the other.
const ixReader = (bytes, at = 0) => ({
  more: () => at < bytes.length,
  next() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  },
  block() {
    const length = this.next();
    at += length;
    return bytes.subarray(at - length, at);
  },
});

function ixBlock(bytes, number) {
  const reader = ixReader(bytes);
  while (number--) reader.block();
  return reader.block();
}

function ixPositions(bytes) {
  const found = [];
  const {more, next} = ixReader(bytes, 1);
  if (bytes[0] === 1) {
    for (let at = 0; at < 8 * bytes.length - 8; at++) if (bytes[1 + (at >> 3)] >> (at & 7) & 1) found.push(at);
  } else {
    for (let at = 0; more();) {
      at += next();
      for (let end = at + (bytes[0] && next()); at <= end;) found.push(at++);
    }
  }
  return found;
}

// Which piece each list is in, and its place there: the same rule as in grouping.py.
function ixGroup(lists, most, part) {
  let piece = 0, place = 0, entries = 0;
  for (const list of lists) {
    if (entries && entries + list.count > most) {
      piece++;
      place = entries = 0;
    }
    entries += list.count;
    list[part] = {piece: part + piece, place: place++};
  }
}

const ixSum = (things, what = "count") => things.reduce((sum, thing) => sum + thing[what], 0);
// What the list that answers a single condition is called; undefined for other nodes.
const ixListName = ({op, id, name, value}) =>
  ({label: id, anylabel: "*", incategory: `c:${name}`, color: `o:${value}`, orientation: `r:${value}`})[op];
const ixDay = (day) => new Date(day * 864e5).toISOString().slice(0, 10);

// The images that were written together; each list is read when a query needs it.
class IxSegment {
  constructor(state, entry) {
    Object.assign(this, {state, entry, count: entry.count});
  }

  async piece(stem, json) {
    const {inside, state, entry} = this;
    if (inside) return json ? inside[stem] : ixBytes(inside[stem]);
    return state.piece(`${entry.name}/${stem}`, json);
  }

  open() {
    return this.opened ??= this.read().catch((error) => {
      this.opened = null;
      throw error;
    });
  }

  async read() {
    const {entry, state} = this;
    const gone = entry.gone_piece ? await state.piece(entry.gone_piece) : ixBytes(entry.gone || "AA==");
    if (entry.flat) this.inside = await state.piece(`${entry.name}/all`, true);
    const head = this.head = await this.piece("head", true);
    this.ids = Uint32Array.from(ixPositions(ixBytes(head.ids)), (n) => n + entry.first);
    this.live = new Uint8Array(this.count).fill(1);
    for (const at of ixPositions(gone)) this.live[at] = 0;
    this.lists = new Map(head.names.map((name, n) => [name, {name, count: head.counts[n]}]));
    const lists = [...this.lists.values()];
    ixGroup(lists, IX_LISTS, "p");
    ixGroup(lists.filter(({name, count}) => !entry.flat && !/^(m:|\*)/.test(name) && 2 * count <= this.count), IX_FACTS, "f");
  }

  eachFact(bytes, take) {
    const {names, implied, first_month: first} = this.head;
    const {more, next} = ixReader(bytes);
    for (let n = 0; more(); n++) {
      const labels = new Set();
      let label = -1;
      for (let left = next(); left; left--) {
        label += next() + 1;
        for (const each of [label, ...implied[label]]) labels.add(names[each]);
      }
      const look = next();
      const colors = COLORS.filter((_, bit) => look >> bit + 2 & 1);
      take(n, {labels, colors, orientation: IX_ORIENTATIONS[look & 3], month: ixDay(Date.UTC(1970, first + next()) / 864e5).slice(0, 7)});
    }
  }

  async positions({p}) {
    return ixPositions(ixBlock(await this.piece(p.piece), p.place));
  }

  async details({p}) {
    return ixBlock(await this.piece(p.piece.replace("p", "s")), p.place);
  }

  // A flag for each image that has something; `keeps` narrows it by the byte beside each.
  async flags(name, keeps) {
    const flags = new Uint8Array(this.count);
    const list = this.lists.get(name);
    if (list) {
      const [positions, details] = await Promise.all([this.positions(list), keeps && this.details(list)]);
      positions.forEach((at, n) => { flags[at] = !keeps || keeps(details[n]) ? 1 : 0; });
    }
    return flags;
  }

  // Whole months by their lists; of those at the edges, the days.
  days({from, to}) {
    const months = [...this.lists.keys()].filter((name) => /^m:/.test(name) &&
      (!from || name >= `m:${from.slice(0, 7)}`) && (!to || name.slice(2) <= to));
    return this.join(months.map((name) => {
      const [first, end] = [from, to].map((day) => day?.startsWith(name.slice(2)) && +day.slice(8));
      return this.flags(name, (first || end) && ((day) => day >= (first || 0) && day < (end || 32)));
    }));
  }

  async join(parts, every) {
    const result = new Uint8Array(this.count).fill(every ? 1 : 0);
    for (const flags of await Promise.all(parts))
      for (let at = 0; at < result.length; at++) result[at] = every ? result[at] & flags[at] : result[at] | flags[at];
    return result;
  }

  // A flag for each image that a resolved query finds, whether it is live or not.
  async find(node) {
    const {op, args, least = 0, most = 8} = node;
    const name = ixListName(node);
    const mask = (1 << most) - (1 << least);
    if (name !== undefined) return this.flags(name, mask < 255 && ((bits) => bits & mask));
    if (args) return this.join(args.map((arg) => this.find(arg)), op === "and");
    if (op === "not") return (await this.find(node.arg)).map((flag) => 1 - flag);
    if (op === "days") return this.days(node);
    if (op === "name") throw new QueryError(NAME_NEEDS_SERVER, ...node.at ?? [-1, -1]);
    return this.join([], op === "all");
  }

  // The fewest lists whose facts hold all results; undefined where all facts are needed.
  cover(node) {
    const {op, args} = node;
    const covers = args?.map((arg) => this.cover(arg));
    if (op === "or") return covers.every(Boolean) ? covers.flat() : undefined;
    if (op === "and") return covers.filter(Boolean).sort((a, b) => ixSum(a) - ixSum(b))[0];
    const name = ixListName(node);
    const list = this.lists.get(name);
    return name === undefined || list && !list.f ? undefined : list ? [list] : [];
  }

  // Where the facts of all results are read with the least, and of how many images these are.
  sources(node, flags) {
    const blocks = [];
    for (let first = 0; first < this.count; first += IX_BLOCK)
      if (flags.subarray(first, first + IX_BLOCK).includes(1)) blocks.push({piece: `a${first / IX_BLOCK}`, first, count: Math.min(IX_BLOCK, this.count - first)});
    const cover = this.cover(node)?.map((list) => ({...list.f, list, count: list.count}));
    const from = cover && ixSum(cover) < ixSum(blocks) ? cover : blocks;
    return {cost: ixSum(from), from};
  }

  async tell({piece, place, first = 0, list}, take) {
    let bytes = await this.piece(piece);
    const positions = list ? await this.positions(list) : piece === "e" && ixPositions(ixBlock(bytes, 0));
    if (place >= 0) bytes = ixBlock(bytes, place);
    this.eachFact(bytes, (n, fact) => take(positions ? positions[n] : first + n, fact));
  }

  async row(at) {
    const number = Math.floor(at / IX_ROWS);
    const patch = this.entry.patches?.[number];
    return (await (patch ? this.state.piece(patch, true) : this.piece(`r${number}`, true)))[at % IX_ROWS];
  }

  // Where an image stands here, or -1.
  place(id) {
    let low = 0;
    for (let high = this.count - 1; low < high;) {
      const middle = low + high >> 1;
      if (this.ids[middle] < id) low = middle + 1;
      else high = middle;
    }
    return this.ids[low] === id && this.live[low] ? low : -1;
  }
}

// One state of the index.
class IxState {
  constructor(piece, manifest, sign) {
    Object.assign(this, {piece, manifest, sign});
    this.segments = manifest.segments.map((entry) => new IxSegment(this, entry));
  }

  async read() {
    const {labels, overview} = this.manifest;
    const [[categories, words], counts] = await Promise.all([this.piece(labels, true), this.piece(overview, true)]);
    const of = new Map(counts.labels);
    this.labels = words.map(([id, name, aliases, numbers, related]) =>
      ({id, name, aliases, related, categories: numbers.map((n) => categories[n]), count: of.get(id) ?? 0}));
    this.words = new Map(this.labels.map((label) => [label.id, label]));
    counts.labels = counts.labels.map(([id, count]) => [this.words.get(id).name, count]);
    this.overview = Object.fromEntries(Object.entries(counts).map(([part, pairs]) =>
      [part, part === "total" ? pairs : pairs.map(([name, count]) => ({name, count}))]));
    this.vocabulary = new Vocabulary(this.labels, this.overview.categories);
    return this;
  }

  open() {
    return Promise.all(this.segments.map((segment) => segment.open()));
  }

  // The answer to a resolved query: ids, the highest and so the newest first.
  async find(node) {
    await this.open();
    const parts = await Promise.all(this.segments.map((segment) => segment.find(node)));
    const found = [];
    parts.forEach((flags, n) => {
      const {live, ids} = this.segments[n];
      for (let at = 0; at < ids.length; at++) if (flags[at] &= live[at]) found.push(ids[at]);
    });
    return {ids: Uint32Array.from(found).sort().reverse(), parts};
  }

  async facets(node, {ids, parts}) {
    if (node.op === "all") return {exact: true, ...this.overview};
    const plans = this.segments.map((segment, n) => segment.sources(node, parts[n]));
    const exact = ids.length <= IX_EXACT || ixSum(plans, "cost") <= IX_CHEAP;
    const counts = {labels: new Map(), categories: new Map(), colors: new Map(), orientations: new Map(), months: new Map()};
    await Promise.all(this.segments.map(async (segment, n) => {
      const {cost, from} = plans[n];
      const wanted = parts[n].slice();
      const hits = wanted.reduce((sum, flag) => sum + flag, 0);
      const facts = [];
      await Promise.all((!hits ? [] : exact || cost <= IX_SAMPLE ? from : [{piece: "e", place: 1}]).map((source) =>
        segment.tell(source, (at, fact) => {
          if (wanted[at]) facts.push(fact);
          wanted[at] = 0;
        })));
      for (const {labels, colors, orientation, month} of facts) {
        const words = [...labels].map((id) => this.words.get(id)).filter(Boolean);
        const said = {labels: words.map(({name}) => name), categories: new Set(words.flatMap(({categories}) => categories)), colors, orientations: [orientation], months: [month]};
        for (const part in said) for (const name of said[part]) counts[part].set(name, (counts[part].get(name) ?? 0) + hits / facts.length);
      }
    }));
    const facets = {exact};
    for (const part in counts) {
      facets[part] = [...counts[part]].map(([name, count]) => ({name, count: Math.round(count)}));
      facets[part].sort((a, b) => part === "months" ? (a.name < b.name ? 1 : -1) : b.count - a.count || (a.name < b.name ? -1 : 1));
    }
    return facets;
  }

  async rows(ids) {
    await this.open();
    return Promise.all(Array.from(ids, async (id) => {
      const segment = this.segments.find((each) => each.place(id) >= 0);
      const row = await segment?.row(segment.place(id));
      if (!row) return null;
      const [key, width, height, day, color, labels, name] = row;
      const names = labels.map((label) => this.words.get(label)?.name).filter(Boolean);
      return {id, key, name: name || key, width, height, date: ixDay(day), color, labels: names};
    }));
  }
}

// The index of the site below `base`, which may move on to newer states.
class IxIndex {
  constructor(base) {
    this.base = `${base}data/index/`;
    this.kept = new Map();
  }

  load(name, fresh) {
    const url = new URL(`${this.base}${name}.js`, document.baseURI);
    return url.protocol === "file:" ? ixLoad(url.href, name) : ixFetch(url.href, fresh);
  }

  piece(name, json) {
    const {kept} = this;
    const found = kept.get(name) ?? this.load(name).then(ixUnpack).then(json && ((bytes) => JSON.parse(new TextDecoder().decode(bytes))));
    kept.delete(name);
    kept.set(name, found);
    found.catch(() => kept.delete(name));
    if (kept.size > IX_KEPT) kept.delete(kept.keys().next().value);
    return found;
  }

  // Look for a newer state; whether there is one.
  async refresh() {
    const manifest = await this.load("manifest", true).catch((error) => {
      throw error.code === "gone" ? ixError("missing", "there is no index yet") : error;
    });
    const {format, lineage, change, look} = manifest;
    if (format !== IX_FORMAT) throw ixError("broken", "the index is of another version than this page");
    const sign = [lineage, change, look].join();
    if (this.state?.sign === sign) return false;
    this.state = await new IxState((name, json) => this.piece(name, json), manifest, sign).read();
    const {labels, overview, vocabulary} = this.state;
    Object.assign(this, {change, labels, overview, vocabulary, total: overview.total, categories: overview.categories});
    return true;
  }

  // Do something in one state; once more in a newer one where pieces of this one were swept.
  async attempt(work) {
    for (let again = false; ; again = true) {
      try {
        if (again || !this.state) await this.refresh();
        return await work(this.state);
      } catch (error) {
        if (error.code !== "gone") throw error;
        if (again) throw ixError("broken", error.message);
      }
    }
  }

  complete(prefix, limit) {
    return this.vocabulary.complete(prefix, limit);
  }

  search(ast) {
    return this.attempt((state) => {
      const {node, query, warnings} = state.vocabulary.resolve(ast);
      return this.find(node, {query, warnings});
    });
  }

  // The answer to a resolved query.
  find(node, more) {
    return this.attempt(async (state) => {
      const found = await state.find(node);
      const facets = () => this.attempt(async (now) => now.facets(node, now === state ? found : await now.find(node)));
      const {ids} = found;
      const {lineage} = state.manifest;
      return {
        ...more, facets, ids, total: ids.length, searched: state.overview.total,
        place: (id) => position(ids, id),
        rows: (from, to) => this.rows(ids.slice(from, to), lineage),
      };
    });
  }

  rows(ids, lineage = this.state.manifest.lineage) {
    return this.attempt((state) => {
      if (state.manifest.lineage !== lineage) throw ixError("stale", "the images were numbered anew");
      return state.rows(ids);
    });
  }
}

export async function openIndex(base) {
  const index = new IxIndex(base);
  await index.attempt(() => {});
  return index;
}
