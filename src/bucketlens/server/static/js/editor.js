// On an image's page: labels are added and taken away, and who did so is told.

import {make, name, on, shown} from "./dom.js";
import {path} from "./address.js";

/** Make the page of an image an editor; base leads to the site's root. */
export async function startEditor(base) {
  const panel = document.querySelector(".panel");
  const data = panel.querySelector('.facts a[href$=".json"]');
  const alarm = make("p.note", {role: "alert"});
  const {key} = await (await fetch(data.href)).json();
  const url = `${base}v1/images/${path(key)}/edits`;
  const reply = await fetch(url);
  if (!reply.ok) return;
  const {edits} = await reply.json();
  for (const row of panel.querySelectorAll("li.row")) {
    const label = row.querySelector(".name").textContent;
    row.append(button("×", `Remove label: ${label}`, {remove: [label]}));
  }
  panel.insertBefore(make("section", {"aria-labelledby": "edits"},
    make("h2", {id: "edits"}, "What people said"),
    edits.length ? make("ul.edits", {}, ...edits.map(entry)) : null,
    adding(), alarm), data.closest("section"));

  /** Send what a person says; the page shows it when it is loaded again. */
  async function say(changes) {
    alarm.textContent = "";
    try {
      const answer = await fetch(url, {
        method: "PUT",
        headers: {"content-type": "application/json"},
        body: JSON.stringify(changes),
      });
      if (answer.ok) return location.reload();
      const problem = await answer.json();
      alarm.textContent = problem.detail || problem.title;
    } catch {
      alarm.textContent = "The server did not answer.";
    }
  }

  function button(text, told, changes) {
    const node = make("button", {type: "button", title: shown(told), "aria-label": shown(told)}, text);
    on(node, "click", () => say(changes));
    return node;
  }

  /** What somebody said, with a way to take it back. */
  function entry({label, removed, by, at}) {
    const day = new Date(at * 1000).toLocaleDateString("en", {dateStyle: "medium"});
    return make("li", {}, name(label), ` ${removed ? "removed" : "added"} by `, name(by), `, ${day} `,
      button("Undo", `Undo: ${label}`, {clear: [label]}));
  }

  /** A box that completes labels; any other name becomes a label of one's own. */
  function adding() {
    const choices = make("datalist", {id: "known-labels"});
    const input = make("input", {maxlength: 100, required: "", autocomplete: "off", list: choices.id, "aria-label": "Label to add"});
    on(input, "input", async () => {
      const typed = input.value;
      const words = new URLSearchParams({limit: 8, prefix: typed});
      const answer = await fetch(`${base}v1/complete?${words}`).catch(() => null);
      if (!answer?.ok || typed !== input.value) return;
      const {completions} = await answer.json();
      const labels = completions.filter(({kind}) => kind !== "category");
      choices.replaceChildren(...labels.map((one) => make("option", {value: one.name})));
    });
    const form = make("form", {}, input, choices, make("button", {}, "Add label"));
    on(form, "submit", (event) => {
      event.preventDefault();
      say({add: [input.value]});
    });
    return form;
  }
}
