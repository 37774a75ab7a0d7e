// What pages can do where a server gives them out, beside what they do as plain files.

import {byId, make} from "./dom.js";
import {openAnswers} from "./remote.js";
import {startEditor} from "./editor.js";
import {startUploads} from "./uploads.js";

const can = document.currentScript.dataset.can.split(" ");
const {kind, base} = document.body.dataset;

// The page's own script asks for this, after this script.
globalThis.bucketlensServer = (parts) => openAnswers(base, parts);

if (can.includes("uploads") && kind === "gallery") startUploads();
if (can.includes("edits") && kind === "image") startEditor(base).catch(() => {});
if (can.includes("sign-out")) offerSignOut();

/** Offer to sign out; a form, so that no link elsewhere can do it. */
function offerSignOut() {
  byId("actions").append(make("form", {method: "post", action: `${base}signout`}, make("button", {}, "Sign out")));
}
