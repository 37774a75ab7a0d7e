// Uploads, where the page comes from a server that takes them.

import {byId, make, name, on} from "./dom.js";
import {path} from "./address.js";
import {expectChange} from "./changes.js";

const AT_ONCE = 3;
const TRIES = 300;
const PAUSE = 400;

/** A button and the whole window take images; each file has a line that tells how it goes. */
export function startUploads() {
  const input = byId("files");
  const button = byId("add");
  const waiting = [];
  let running = 0;
  button.hidden = false;
  on(button, "click", () => input.click());
  on(input, "change", () => {
    take(input.files);
    input.value = "";
  });
  for (const type of ["dragover", "dragleave", "drop"]) on(window, type, drag);

  function take(files) {
    for (const file of files) {
      const said = make("span.said", {}, "waiting");
      const bar = make("progress", {value: 0, "aria-label": "Progress"});
      const line = make("li", {}, name(file.name), said, bar);
      byId("uploads").hidden = false;
      byId("uploads").append(line);
      waiting.push([file, line, said, bar]);
    }
    next();
  }

  async function next() {
    if (running === AT_ONCE || !waiting.length) return;
    const job = waiting.shift();
    running++;
    next();
    await upload(...job);
    running--;
    next();
  }

  function drag(event) {
    const {dataTransfer, relatedTarget, type} = event;
    if (!dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.toggle("dropping", type === "dragover" || (type === "dragleave" && relatedTarget !== null));
    if (type === "drop") take(dataTransfer.files);
  }
}

async function upload(file, line, said, bar) {
  try {
    said.textContent = "uploading";
    const reply = await send(file, (share) => (bar.value = share));
    bar.removeAttribute("value");
    said.textContent = reply.duplicate ? "already here" : "being looked at";
    const {state, page, reason} = await settled(reply);
    if (state === "failed") throw new Error(reason ?? "it could not be labelled");
    said.replaceChildren(pageLink(page));
    expectChange();
  } catch (error) {
    line.className = "failed";
    said.textContent = error.message;
  }
  const dismissal = make("button", {"aria-label": "Dismiss"}, "×");
  on(dismissal, "click", () => line.remove());
  bar.replaceWith(dismissal);
}

/** Post a file; an XMLHttpRequest, since fetch can't tell how much was sent. */
function send(file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `v1/uploads?name=${path(file.name).replaceAll("/", "%2F")}`);
    request.responseType = "json";
    // What a name ends in is no matter: the server looks at the bytes, and says what they are not.
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.onprogress = ({loaded, total}) => progress(loaded / (total || 1));
    request.onerror = () => reject(new Error("the connection was lost"));
    request.onload = () => {
      const {response, status} = request;
      if (status < 300 && response) resolve(response);
      else reject(new Error(response?.detail ?? response?.title ?? `refused (${status})`));
    };
    request.send(file);
  });
}

/** Ask until the image is labelled or has failed. */
async function settled(reply) {
  for (let tries = 0; reply.state === "queued" && tries < TRIES; tries++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    const answer = await fetch(`v1/uploads/${path(reply.key)}`);
    if (answer.ok) reply = await answer.json();
  }
  return reply;
}

/** A link to a page of this site; nothing else that a reply names is followed. */
function pageLink(page) {
  return /^images\/[^:\\]*\.html$/.test(page) ? make("a", {href: page}, "show labels") : "done";
}
