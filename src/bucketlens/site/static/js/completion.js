// Proposals below the search box: labels, other words for them, categories, and how many images.

import {grouped, make, name, on} from "./dom.js";
import {wordAt} from "./query.js";

/** Make an input a combobox; complete(prefix) gives proposals, chosen(text) hears of one. */
export function startCompletion(input, list, complete, chosen) {
  let proposals = [];
  let active = -1;
  let turn = 0;
  on(input, "input", propose);
  on(input, "keydown", press);
  on(input, "blur", close);
  on(list, "pointerdown", (event) => {
    event.preventDefault();
    choose([...list.children].indexOf(event.target.closest("li")));
  });
  return close;

  async function propose() {
    const mine = ++turn;
    const {prefix} = wordAt(input.value, input.selectionStart);
    const found = prefix ? await complete(prefix) : [];
    if (mine === turn) show(found);
  }

  function close() {
    turn++;
    show([]);
  }

  function show(found) {
    proposals = found;
    list.replaceChildren(...found.map((one, n) => make("li", {role: "option", id: `proposal-${n}`},
      name(one.alias || one.name),
      make("span.kind", {}, one.alias ? "means " : one.kind === "category" ? one.kind : "", one.alias ? name(one.name) : ""),
      make("span.number", {}, grouped(one.count)))));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", !list.hidden);
    activate(-1);
  }

  function press(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!proposals.length) return;
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && active >= 0) choose(active);
    else if (step) activate(active + step);
    else return;
    event.preventDefault();
  }

  /** Mark a proposal; beyond the first and the last is the text as it was typed. */
  function activate(number) {
    const count = proposals.length;
    active = number < -1 ? count - 1 : number >= count ? -1 : number;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", n === active));
    const option = list.children[active];
    option?.scrollIntoView({block: "nearest"});
    input.setAttribute("aria-activedescendant", option?.id ?? "");
  }

  function choose(number) {
    const {start, end} = wordAt(input.value, input.selectionStart);
    const text = proposals[number]?.text;
    if (!text) return;
    close();
    chosen((input.value.slice(0, start) + text + input.value.slice(end)).trim());
  }
}
