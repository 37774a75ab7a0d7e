// What begins when a page is there.

import {openIndex} from "./index.js";
import {searchUrl} from "./address.js";
import {startGallery} from "./gallery.js";
import {startImage} from "./image.js";
import {startSearch} from "./search.js";
import {offerSignOut, serverWords, startUploads} from "./upload.js";

const {kind, base} = document.body.dataset;
const words = serverWords();
let index = null;

/** The index, opened when it is first asked for; after a failure the next call tries again. */
function opened() {
  index ??= openIndex(base || "./").catch((error) => {
    index = null;
    throw error;
  });
  return index;
}

if (kind === "gallery") startGallery(opened);
else if (kind === "image") startImage(opened, base);
else startSearch(opened, (text) => location.assign(searchUrl(text, base)));

if (words.includes("uploads") && kind === "gallery") startUploads();
if (words.includes("sign-out")) offerSignOut(base);
