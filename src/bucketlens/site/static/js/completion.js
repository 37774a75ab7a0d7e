// Proposals below the search box: labels, other words for them, categories, and how many images.

import {grouped, make, name} from "./dom.js";
import {wordAt} from "./query.js";

/** Makes an input a combobox; complete(prefix) gives proposals, chosen(text) hears of one. */
export class Completion {
  constructor(input, list, complete, chosen) {
    Object.assign(this, {input, list, complete, chosen, proposals: [], active: -1, turn: 0});
    input.addEventListener("input", () => this.propose());
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("blur", () => this.close());
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const number = [...list.children].indexOf(event.target.closest("li"));
      if (number >= 0) this.choose(number);
    });
  }

  /** Show no proposals. */
  close() {
    this.turn++;
    this.show([]);
  }

  async propose() {
    const turn = ++this.turn;
    const {prefix} = wordAt(this.input.value, this.input.selectionStart);
    const proposals = prefix ? await this.complete(prefix) : [];
    if (turn === this.turn) this.show(proposals);
  }

  show(proposals) {
    this.proposals = proposals;
    this.list.replaceChildren(...proposals.map((one, n) => make("li", {role: "option", id: `proposal-${n}`},
      name(one.alias ?? one.name),
      make("span.kind", {}, one.kind === "alias" ? "means " : one.kind === "category" ? "category" : "", one.alias ? name(one.name) : ""),
      make("span.number", {}, grouped(one.count)))));
    this.list.hidden = !proposals.length;
    this.input.setAttribute("aria-expanded", !this.list.hidden);
    this.activate(-1);
  }

  press(event) {
    const {key} = event;
    const step = {ArrowDown: 1, ArrowUp: -1}[key];
    if (!this.proposals.length) return;
    if (key === "Escape") this.close();
    else if (key === "Enter" && this.active >= 0) this.choose(this.active);
    else if (step) this.activate(this.active + step);
    else return;
    event.preventDefault();
  }

  /** Mark a proposal; beyond the first and the last is the text as it was typed. */
  activate(number) {
    const count = this.proposals.length;
    this.active = number < -1 ? count - 1 : number >= count ? -1 : number;
    [...this.list.children].forEach((option, n) => option.setAttribute("aria-selected", n === this.active));
    const option = this.list.children[this.active];
    option?.scrollIntoView({block: "nearest"});
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  choose(number) {
    const {value, selectionStart} = this.input;
    const {start, end} = wordAt(value, selectionStart);
    const {text} = this.proposals[number];
    this.close();
    this.chosen((value.slice(0, start) + text + value.slice(end)).trim());
  }
}
