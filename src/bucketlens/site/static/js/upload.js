// Uploads, where the page comes from a server that takes them.

import {byId, make, name, sign} from "./dom.js";

const AT_ONCE = 3;
const TRIES = 300;
const PAUSE = 400;

/** What the server that gave this page can do, as it says itself: uploads, sign-out. */
export function serverWords() {
  return (document.querySelector("meta[name=bucketlens-server]")?.content ?? "").split(" ");
}

/** Offer to sign out; a form, so that no link elsewhere can do it. */
export function offerSignOut(base) {
  byId("actions").append(make("form", {method: "post", action: `${base}signout`}, make("button.quiet", {}, "Sign out")));
}

/** A button and the whole window take images; each file has a line that tells how it goes. */
export function startUploads() {
  const lines = make("ul.uploads", {"aria-live": "polite", "aria-label": "Uploads"});
  const input = make("input.unseen", {type: "file", multiple: "", accept: "image/*", tabindex: -1, "aria-label": "Images to add"});
  const button = make("button.add", {type: "button"}, sign("M8 3v10M3 8h10"), make("span", {}, "Add images"));
  const waiting = [];
  let running = 0;
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  byId("actions").prepend(button, input);
  document.body.append(lines);
  listenToDrops(take);

  function take(files) {
    for (const file of files) {
      const said = make("span.said", {}, "waiting");
      const bar = make("progress", {max: 1, value: 0, "aria-label": "Progress"});
      const line = make("li", {}, name(file.name), said, bar);
      lines.append(line);
      waiting.push({file, said, bar, line});
    }
    next();
  }

  function next() {
    while (running < AT_ONCE && waiting.length) {
      running++;
      upload(waiting.shift()).finally(() => {
        running--;
        next();
      });
    }
  }
}

async function upload({file, said, bar, line}) {
  try {
    said.textContent = "uploading";
    const reply = await send(file, (share) => (bar.value = share));
    bar.removeAttribute("value");
    said.textContent = reply.duplicate ? "already here" : "being looked at";
    const {state, page, reason} = await settled(reply);
    if (state === "failed") throw new Error(reason ?? "it could not be labelled");
    said.replaceChildren(pageLink(page ?? reply.page));
  } catch (error) {
    line.className = "failed";
    said.textContent = error.message;
  }
  bar.remove();
  const dismissal = make("button.quiet", {type: "button", "aria-label": "Dismiss"}, "×");
  dismissal.addEventListener("click", () => line.remove());
  line.append(dismissal);
}

/** Post a file; an XMLHttpRequest, since fetch can't tell how much was sent. */
function send(file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `v1/uploads?name=${encodeURIComponent(file.name.toWellFormed?.() ?? file.name)}`);
    request.responseType = "json";
    request.upload.onprogress = ({loaded, total}) => progress(loaded / (total || 1));
    request.onerror = () => reject(new Error("the connection was lost"));
    request.onload = () => {
      const {response: reply, status} = request;
      if (status < 300 && reply) resolve(reply);
      else reject(new Error(reply?.detail ?? reply?.title ?? `refused (${status})`));
    };
    request.send(file);
  });
}

/** Ask until the image is labelled or has failed. */
async function settled(reply) {
  const path = reply.key.split("/").map(encodeURIComponent).join("/");
  for (let tries = 0; reply.state === "queued" && tries < TRIES; tries++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    const answer = await fetch(`v1/uploads/${path}`);
    if (answer.ok) reply = await answer.json();
  }
  return reply;
}

/** A link to a page of this site; nothing else that a reply names is followed. */
function pageLink(page) {
  return /^images\/[^:\\]*\.html$/.test(page) ? make("a", {href: page}, "show labels") : "done";
}

function listenToDrops(take) {
  const drop = (event) => {
    const over = event.type !== "drop" && event.type !== "dragleave";
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.toggle("dropping", over || (event.type === "dragleave" && event.relatedTarget !== null));
    if (event.type === "drop") take(event.dataTransfer.files);
  };
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) addEventListener(type, drop);
}
