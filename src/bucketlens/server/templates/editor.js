// On an image's page that a server gives out: labels are added and taken away, and who did so is told.
// Text is only ever put in as text, so no name can become markup.

(() => {
  const root = document.body.dataset.base || "./";
  const panel = document.querySelector(".panel");
  const data = document.querySelector('.facts a[href$=".json"]');
  if (document.body.dataset.kind !== "image" || !panel || !data) return;

  const make = (tag, attributes, ...children) => {
    const node = Object.assign(document.createElement(tag), attributes);
    node.append(...children);
    return node;
  };
  const segments = (key) => key.split("/").map(encodeURIComponent).join("/");
  const alarm = make("p", {role: "alert", className: "note"});
  let url = "";

  /** Send what a person says; the page shows it when it is loaded again. */
  async function say(changes) {
    alarm.textContent = "";
    try {
      const reply = await fetch(url, {
        method: "PUT",
        headers: {"content-type": "application/json"},
        body: JSON.stringify(changes),
      });
      if (reply.ok) return location.reload();
      const problem = await reply.json();
      alarm.textContent = problem.detail || problem.title;
    } catch {
      alarm.textContent = "The server did not answer.";
    }
  }

  function button(text, told, changes) {
    const node = make("button", {type: "button", title: told}, text);
    node.setAttribute("aria-label", told);
    node.addEventListener("click", () => say(changes()));
    return node;
  }

  /** What people said, each with a way to take it back. */
  function listed(edits) {
    return make("ul", {className: "edits"}, ...edits.map(({label, removed, by, at}) => {
      const day = new Date(at * 1000).toLocaleDateString("en", {dateStyle: "medium"});
      return make("li", {}, make("bdi", {}, label), ` ${removed ? "removed" : "added"} by `, make("bdi", {}, by), `, ${day} `,
        button("Undo", `Undo: ${label}`, () => ({clear: [label]})));
    }));
  }

  /** A box that completes labels; any other name becomes a label of one's own. */
  function adding() {
    const choices = make("datalist", {id: "known-labels"});
    const input = make("input", {maxLength: 100, required: true, autocomplete: "off"});
    input.setAttribute("list", choices.id);
    input.setAttribute("aria-label", "Label to add");
    input.addEventListener("input", async () => {
      const typed = input.value;
      const reply = await fetch(`${root}v1/complete?limit=8&prefix=${encodeURIComponent(typed)}`).catch(() => null);
      if (!reply?.ok || typed !== input.value) return;
      const {completions} = await reply.json();
      choices.replaceChildren(...completions.filter(({kind}) => kind !== "category").map(({name}) => make("option", {value: name})));
    });
    const form = make("form", {}, input, choices, make("button", {}, "Add label"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      say({add: [input.value]});
    });
    return form;
  }

  async function start() {
    const {key} = await (await fetch(data.href)).json();
    url = `${root}v1/images/${segments(key)}/edits`;
    const reply = await fetch(url);
    if (!reply.ok) return;
    const {edits} = await reply.json();
    for (const row of panel.querySelectorAll("li.row")) {
      const name = row.querySelector(".name").textContent;
      row.append(button("×", `Remove label: ${name}`, () => ({remove: [name]})));
    }
    const title = make("h2", {id: "edits"}, "What people said");
    const section = make("section", {}, title, listed(edits), adding(), alarm);
    section.setAttribute("aria-labelledby", "edits");
    panel.insertBefore(section, data.closest("section"));
  }

  start().catch(() => {});
})();
