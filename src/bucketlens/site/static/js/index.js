// Reads the index of the site and answers queries from it: docs/site-format.md says what the
// pieces hold. One manifest, read once, is the state that all answers of an IxState come from.

import {NAME_NEEDS_SERVER, QueryError, Vocabulary} from "./query.js";

const IX_FORMAT = 1;
// As in Python: entries of lists in a piece, images in a piece of facts, in a block, in a shard.
const IX_LIST_ENTRIES = 8192;
const IX_FACT_ENTRIES = 1024;
const IX_BLOCK = 2048;
const IX_SHARD = 64;
// Results that are counted one by one; more are counted too while that reads no more facts than
// IX_CHEAP, and are estimated from a sample beyond.
const IX_EXACT = 5000;
const IX_CHEAP = 20000;
const IX_SAMPLE = 4096;
// Packed pieces that are kept; about 8 KB each.
const IX_KEPT = 512;
const IX_DAY = 86400000;
const IX_COLORS = ["black", "blue", "brown", "cyan", "green", "grey", "orange", "pink", "purple", "red", "white", "yellow"];
const IX_ORIENTATIONS = ["landscape", "portrait", "square"];

const ixWaiting = new Map();
globalThis.bucketlens = {piece: (name, value) => ixWaiting.get(name)?.take(value)};

function ixError(code, message) {
  return Object.assign(new Error(message), {code});
}

// A piece over HTTP: what stands between the brackets is read as JSON. The manifest never comes from
// the cache, since plain servers tell its versions apart by whole seconds.
async function ixFetch(url, fresh) {
  const answer = await fetch(url, {cache: fresh ? "no-store" : "default"});
  // A bucket that may not be listed says 403 for what is not there.
  if (answer.status === 404 || answer.status === 403) throw ixError("gone", `${url} is not there`);
  if (!answer.ok) throw ixError("broken", `${url}: ${answer.status}`);
  const text = await answer.text();
  return JSON.parse(text.slice(text.indexOf(",") + 1, text.lastIndexOf(")")));
}

// A piece in a folder, where only scripts may be loaded: it calls bucketlens.piece.
function ixLoad(url, name) {
  const loading = ixWaiting.get(name) ?? {};
  return loading.promise ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const done = (finish, value) => {
      ixWaiting.delete(name);
      script.remove();
      finish(value);
    };
    loading.take = (value) => done(resolve, value);
    ixWaiting.set(name, loading);
    script.onload = () => done(reject, ixError("broken", `${url} is damaged`));
    script.onerror = () => done(reject, ixError("gone", `${url} is not there`));
    script.src = url;
    document.head.append(script);
  });
}

function ixBytes(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

async function ixUnpack(text) {
  const unpacked = new Blob([ixBytes(text)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

function ixJson(bytes) {
  return JSON.parse(new TextDecoder().decode(bytes));
}

// Numbers of seven bits a byte, one after the other.
class IxReader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  next() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  get more() {
    return this.at < this.bytes.length;
  }

  block() {
    const length = this.next();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

function ixBlock(bytes, number) {
  const reader = new IxReader(bytes);
  for (; number; number--) reader.block();
  return reader.block();
}

function ixPositions(bytes) {
  const found = [];
  const reader = new IxReader(bytes, 1);
  let at = 0;
  if (bytes[0] === 1) {
    for (let byte = 1; byte < bytes.length; byte++)
      for (let bit = 0; bit < 8; bit++) if (bytes[byte] >> bit & 1) found.push(8 * (byte - 1) + bit);
  } else if (bytes[0] === 0) {
    while (reader.more) found.push((at += reader.next() + 1) - 1);
  } else {
    while (reader.more) {
      at += reader.next();
      for (let length = reader.next() + 1; length; length--) found.push(at++);
    }
  }
  return found;
}

// Which piece each list is in, and its place there: the same rule as in grouping.py.
function ixGroups(counts, most) {
  let piece = 0, place = 0, entries = 0;
  return counts.map((count) => {
    if (entries && entries + count > most) {
      piece++;
      place = entries = 0;
    }
    entries += count;
    return {piece, place: place++};
  });
}

function ixIsoDay(day) {
  return new Date(day * IX_DAY).toISOString().slice(0, 10);
}

function ixDay(text) {
  return Date.parse(text) / IX_DAY;
}

function ixMonth(number) {
  return ixIsoDay(Date.UTC(1970, number) / IX_DAY).slice(0, 7);
}

// The images that were written together; each list is read when a query needs it.
class IxSegment {
  constructor(state, entry) {
    this.state = state;
    this.entry = entry;
    this.count = entry.count;
  }

  open() {
    return this.opened ??= this.read();
  }

  piece(stem, json) {
    return this.state.piece(`${this.entry.name}/${stem}`, json);
  }

  async read() {
    const {entry} = this;
    const gone = entry.gone_piece ? await this.state.piece(entry.gone_piece) : ixBytes(entry.gone || "AA==");
    const head = await this.piece(entry.flat ? "all" : "head", true);
    this.ids = Uint32Array.from(ixPositions(ixBytes(head.ids)), (n) => n + entry.first);
    this.live = new Uint8Array(this.count).fill(1);
    for (const at of ixPositions(gone)) this.live[at] = 0;
    this.firstMonth = head.first_month;
    if (entry.flat) return this.readFlat(head);
    this.words = head.names.slice(0, head.words);
    this.implied = head.implied;
    this.lists = new Map(head.names.map((name, n) => [name, {count: head.counts[n]}]));
    const lists = [...this.lists.values()];
    ixGroups(head.counts, IX_LIST_ENTRIES).forEach((group, n) => { lists[n].group = group; });
    const telling = [...this.lists].filter(([name, {count}]) =>
      name !== "*" && !String(name).startsWith("m:") && 2 * count <= this.count).map(([, list]) => list);
    ixGroups(telling.map(({count}) => count), IX_FACT_ENTRIES).forEach((group, n) => { telling[n].facts = group; });
  }

  // One piece holds all: its lists are made here, its facts are those of all its images.
  readFlat(head) {
    this.rows = head.rows;
    this.words = head.words;
    this.facts = ixBytes(head.facts);
    this.lists = new Map();
    const levels = ixBytes(head.levels);
    let level = 0;
    this.eachFact(this.facts, (at, labels, colors, orientation) => {
      const note = (name, detail = 0) => {
        if (!this.lists.has(name)) this.lists.set(name, {count: 0, positions: [], details: []});
        const list = this.lists.get(name);
        if (list.positions[list.count - 1] === at) list.details[list.count - 1] |= detail;
        else {
          list.positions.push(at);
          list.details.push(detail);
          list.count++;
        }
      };
      for (const label of labels) {
        const detail = 1 << levels[level++];
        note(label, detail);
        note("*", detail);
        for (const category of this.state.words.get(label)?.categories ?? []) note(`c:${category}`, detail);
      }
      for (const color of colors) note(`o:${color}`);
      note(`r:${orientation}`);
      const day = ixIsoDay(head.rows[at][3]);
      note(`m:${day.slice(0, 7)}`, +day.slice(8));
    });
  }

  eachFact(bytes, take) {
    const reader = new IxReader(bytes);
    for (let n = 0; reader.more; n++) {
      const labels = new Set();
      let label = -1;
      for (let left = reader.next(); left; left--) {
        labels.add(this.words[label += reader.next() + 1]);
        for (const implied of this.implied?.[label] ?? []) labels.add(this.words[implied]);
      }
      const look = reader.next();
      const colors = IX_COLORS.filter((_, bit) => look >> bit + 2 & 1);
      take(n, labels, colors, IX_ORIENTATIONS[look & 3], this.firstMonth + reader.next());
    }
  }

  async positions(list) {
    return list.positions ?? ixPositions(ixBlock(await this.piece(`p${list.group.piece}`), list.group.place));
  }

  // A flag for each image that has something; `keeps` narrows it by the byte beside each.
  async flags(name, keeps) {
    const flags = new Uint8Array(this.count);
    const list = this.lists.get(name);
    if (!list) return flags;
    const details = keeps && (list.details ?? this.piece(`s${list.group.piece}`).then((bytes) => ixBlock(bytes, list.group.place)));
    const [positions, bytes] = await Promise.all([this.positions(list), details]);
    positions.forEach((at, n) => { flags[at] = !keeps || keeps(bytes[n]) ? 1 : 0; });
    return flags;
  }

  levels(name, {least = 0, most = 8}) {
    const mask = (1 << most) - (1 << least);
    return this.flags(name, mask === 255 ? undefined : (bits) => bits & mask);
  }

  // Whole months by their lists; of those at the edges, the days.
  async days({from, to}) {
    const months = [...this.lists.keys()].filter((name) => String(name).startsWith("m:"));
    const chosen = months.map((name) => name.slice(2)).filter((month) =>
      (!from || month >= from.slice(0, 7)) && (!to || month <= to.slice(0, 7)));
    return this.join(chosen.map((month) => {
      const first = from?.startsWith(month) ? +from.slice(8) : 1;
      const end = to?.startsWith(month) ? +to.slice(8) : 32;
      return this.flags(`m:${month}`, first > 1 || end < 32 ? (day) => day >= first && day < end : undefined);
    }), false);
  }

  async join(parts, every) {
    const result = new Uint8Array(this.count).fill(every ? 1 : 0);
    for (const flags of await Promise.all(parts))
      for (let at = 0; at < result.length; at++) every ? result[at] &= flags[at] : result[at] |= flags[at];
    return result;
  }

  // A flag for each image that a resolved query finds, whether it is live or not.
  async find(node) {
    switch (node.op) {
      case "and": return this.join(node.args.map((arg) => this.find(arg)), true);
      case "or": return this.join(node.args.map((arg) => this.find(arg)), false);
      case "not": return (await this.find(node.arg)).map((flag) => 1 - flag);
      case "label": return this.levels(node.id, node);
      case "incategory": return this.levels(`c:${node.name}`, node);
      case "anylabel": return this.levels("*", node);
      case "color": return this.flags(`o:${node.value}`);
      case "orientation": return this.flags(`r:${node.value}`);
      case "days": return this.days(node);
      case "name": throw new QueryError(NAME_NEEDS_SERVER, ...(node.at ?? [-1, -1]));
      default: return this.join([], node.op === "all");
    }
  }

  // The fewest lists whose facts hold all results; undefined where all facts are needed.
  cover({op, args, id, name, value}) {
    const covers = args?.map((arg) => this.cover(arg));
    if (op === "or") return covers.every(Boolean) ? covers.flat() : undefined;
    if (op === "and") return covers.filter(Boolean).sort((a, b) => ixSum(a) - ixSum(b))[0];
    const called = {label: id, incategory: `c:${name}`, color: `o:${value}`, orientation: `r:${value}`}[op];
    const list = this.lists.get(called);
    return called === undefined || list && !list.facts ? undefined : list ? [list] : [];
  }

  // Where the facts of all results are read with the least, and how many images that is.
  sources(node, flags) {
    if (this.facts) return {cost: 0, from: [{}]};
    const blocks = [];
    for (let at = 0; at < this.count; at += IX_BLOCK)
      if (flags.subarray(at, at + IX_BLOCK).includes(1)) blocks.push({piece: `a${at / IX_BLOCK}`, first: at});
    const all = blocks.length * IX_BLOCK;
    const cover = this.cover(node);
    if (!cover || ixSum(cover) > all) return {cost: all, from: blocks};
    return {cost: ixSum(cover), from: cover.map((list) => ({piece: `f${list.facts.piece}`, place: list.facts.place, list}))};
  }

  async tell({piece, place, first = 0, list}, take) {
    let bytes = piece ? await this.piece(piece) : this.facts;
    const positions = list ? await this.positions(list) : piece === "e" && ixPositions(ixBlock(bytes, 0));
    if (place !== undefined) bytes = ixBlock(bytes, place);
    this.eachFact(bytes, (n, ...fact) => take(positions ? positions[n] : first + n, fact));
  }

  async row(at) {
    if (this.rows) return this.rows[at];
    const shard = Math.floor(at / IX_SHARD);
    const rows = await this.state.piece(this.entry.patches?.[shard] ?? `${this.entry.name}/r${shard}`, true);
    return rows[at % IX_SHARD];
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

function ixSum(things, what = "count") {
  return things.reduce((sum, thing) => sum + thing[what], 0);
}

function ixSorted(counts, byName) {
  const found = [...counts].map(([name, count]) => ({name, count: Math.round(count)})).filter(({count}) => count);
  return found.sort((a, b) => byName ? (a.name < b.name ? 1 : -1) : b.count - a.count || (a.name < b.name ? -1 : 1));
}

// One state of the index.
class IxState {
  constructor(source, manifest, sign) {
    Object.assign(this, {source, manifest, sign});
    this.segments = manifest.segments.map((entry) => new IxSegment(this, entry));
  }

  piece(name, json) {
    return this.source.piece(name, json);
  }

  async read() {
    const [[categories, words], counts] = await Promise.all([this.piece(this.manifest.labels, true), this.piece(this.manifest.overview, true)]);
    const byId = new Map(counts.labels);
    this.labels = words.map(([id, name, aliases, numbers]) =>
      ({id, name, aliases, categories: numbers.map((n) => categories[n]), count: byId.get(id) ?? 0}));
    this.words = new Map(this.labels.map((label) => [label.id, label]));
    const {total, ...parts} = counts;
    parts.labels = counts.labels.map(([id, count]) => [this.words.get(id).name, count]);
    this.overview = {total};
    for (const [part, pairs] of Object.entries(parts)) this.overview[part] = pairs.map(([name, count]) => ({name, count}));
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
    const ids = [];
    parts.forEach((flags, n) => {
      const {live, ids: own} = this.segments[n];
      for (let at = 0; at < own.length; at++) if (flags[at] &= live[at]) ids.push(own[at]);
    });
    return {ids: Uint32Array.from(ids).sort().reverse(), parts};
  }

  async facets(node, {ids, parts}) {
    if (node.op === "all") return {exact: true, ...this.overview};
    const plans = this.segments.map((segment, n) => segment.sources(node, parts[n]));
    const exact = ids.length <= IX_EXACT || ixSum(plans, "cost") <= IX_CHEAP;
    const tally = {labels: new Map(), categories: new Map(), colors: new Map(), orientations: new Map(), months: new Map()};
    await Promise.all(this.segments.map(async (segment, n) => {
      const wanted = parts[n].slice();
      const hits = wanted.reduce((sum, flag) => sum + flag, 0);
      if (!hits) return;
      const facts = [];
      const from = exact || plans[n].cost <= IX_SAMPLE ? plans[n].from : [{piece: "e", place: 1}];
      await Promise.all(from.map((source) => segment.tell(source, (at, fact) => {
        if (wanted[at]) facts.push(fact);
        wanted[at] = 0;
      })));
      const add = (part, name) => tally[part].set(name, (tally[part].get(name) ?? 0) + hits / facts.length);
      for (const [labels, colors, orientation, month] of facts) {
        const words = [...labels].map((id) => this.words.get(id)).filter(Boolean);
        for (const word of words) add("labels", word.name);
        for (const category of new Set(words.flatMap((word) => word.categories))) add("categories", category);
        for (const color of colors) add("colors", color);
        add("orientations", orientation);
        add("months", ixMonth(month));
      }
    }));
    const facets = {exact};
    for (const part in tally) facets[part] = ixSorted(tally[part], part === "months");
    return facets;
  }

  async rows(ids) {
    await this.open();
    return Promise.all(Array.from(ids, async (id) => {
      for (const segment of this.segments) {
        const at = segment.place(id);
        if (at < 0) continue;
        const row = await segment.row(at);
        if (!row) return null;
        const [key, width, height, day, color, labels, name] = row;
        const names = labels.map((label) => this.words.get(label)?.name).filter(Boolean);
        return {id, key, name: name || key, width, height, date: ixIsoDay(day), color, labels: names};
      }
      return null;
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
    const found = this.kept.get(name) ?? this.load(name).then(ixUnpack).then(json ? ixJson : undefined);
    this.kept.delete(name);
    this.kept.set(name, found);
    found.catch(() => this.kept.delete(name));
    if (this.kept.size > IX_KEPT) this.kept.delete(this.kept.keys().next().value);
    return found;
  }

  // Look for a newer state; whether there is one.
  async refresh() {
    const manifest = await this.load("manifest", true).catch((error) => {
      throw error.code === "gone" ? ixError("missing", "there is no index yet") : error;
    });
    if (manifest.format !== IX_FORMAT) throw ixError("broken", "the index is of another version than this page");
    const sign = JSON.stringify([manifest.lineage, manifest.change, manifest.look]);
    if (this.state?.sign === sign) return false;
    this.state = await new IxState(this, manifest, sign).read();
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

  get total() { return this.state.overview.total; }
  get change() { return this.state.manifest.change; }
  get labels() { return this.state.labels; }
  get categories() { return this.state.overview.categories; }
  get overview() { return this.state.overview; }
  get vocabulary() { return this.state.vocabulary; }

  complete(prefix, limit) {
    return this.vocabulary.complete(prefix, limit);
  }

  search(ast) {
    return this.attempt(async (state) => {
      const {node, query, warnings} = state.vocabulary.resolve(ast);
      return {query, warnings, ...await this.find(node, state)};
    });
  }

  async find(node, state = this.state) {
    const found = await state.find(node);
    const facets = () => this.attempt(async (now) => now.facets(node, now === state ? found : await now.find(node)));
    return {total: found.ids.length, ids: found.ids, facets};
  }

  rows(ids) {
    const {lineage} = this.state.manifest;
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
