// What begins when a page is there.

import {openIndex} from "./index.js";
import {searchUrl} from "./address.js";
import {startGallery} from "./gallery.js";
import {startImage} from "./image.js";
import {startSearch} from "./search.js";
import {parse} from "./query.js";

const {kind, base} = document.body.dataset;

const pieces = once(() => openIndex(base || "./"));
// A server gives its pages a script that stands before this one, and answers by itself.
const opened = globalThis.bucketlensServer?.({parse, pieces}) ?? pieces;

if (kind === "gallery") startGallery(opened);
else if (kind === "image") startImage(opened, base);
else startSearch(opened, (text) => location.assign(searchUrl(text, base)));

/** What is opened when it is first asked for; after a failure the next call tries again. */
function once(open) {
  let found = null;
  return () => found ??= open().catch((error) => {
    found = null;
    throw error;
  });
}
