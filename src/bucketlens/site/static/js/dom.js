// Elements from plain values. Text is only ever put in as text, so no name can become markup.

/** An element by tag and class ("a.chip"); attributes that are false or null are left out. */
export function make(kind, attributes, ...children) {
  const [tag, style] = kind.split(".");
  return fill(document.createElement(tag), {class: style, ...attributes}, children);
}

/** An element of a drawing. */
export function draw(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** A name from strangers, whose direction of writing does not spill over. */
export function name(text) {
  return make("bdi", {}, shown(text));
}

/** Put things into the element of that id, in the place of what it held. */
export function put(id, ...children) {
  byId(id).replaceChildren(...children);
}

/** Hear of events. */
export function on(target, type, listener, options) {
  target.addEventListener(type, listener, options);
}

/** The element of that id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Control characters and those that turn text around become a visible sign, as in the pages. */
export function shown(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (sign) => (/[\u200c\u200d]/.test(sign) ? sign : "\ufffd"));
}

/** "1 image", "12,345 images". */
export function images(number) {
  return `${grouped(number)} image${number === 1 ? "" : "s"}`;
}

/** "12,345". */
export function grouped(number) {
  return number.toLocaleString("en");
}

/** "November 2026" for "2026-11", "2026" for "2026". */
export function dateName(date) {
  const form = {month: date[4] && "long", year: "numeric", timeZone: "UTC"};
  return new Date(date).toLocaleString("en", form);
}

/** Whether a click or key is a shortcut of the browser, such as opening a link in a new tab. */
export function isShortcut(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.button;
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}
