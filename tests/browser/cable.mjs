// A cable between the browser and the server that can be pulled: what it carries is lost. Or only
// half of it: requests arrive, and their answers do not.

import { connect, createServer } from "node:net";

/** Relays connections to `url`; gives the address to use instead, and the means to pull the plug. */
export async function layCable(url) {
  const { hostname, port } = new URL(url);
  const links = new Set();
  let pulled = false;
  let deaf = false;
  const relay = createServer((near) => {
    if (pulled) return near.destroy();
    const link = { near, far: connect(Number(port), hostname) };
    join(link, links);
    if (deaf) deafen(link);
  });
  await new Promise((resolve) => relay.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${relay.address().port}`,
    pull() {
      pulled = true;
      for (const { near } of links) near.destroy();
    },
    deafen() {
      deaf = true;
      links.forEach(deafen);
    },
    plugIn() {
      pulled = false;
      deaf = false;
    },
    close() {
      this.pull();
      relay.close();
    },
  };
}

/** Two ends that live and die together. */
function join(link, links) {
  const { near, far } = link;
  links.add(link);
  for (const [end, other] of [[near, far], [far, near]]) {
    end.pipe(other);
    // A broken pipe is what this is for; both ends are closed below.
    end.on("error", () => {});
    end.on("close", () => {
      links.delete(link);
      other.destroy();
    });
  }
}

/** The connection breaks when the server begins to answer. */
function deafen({ near, far }) {
  far.unpipe(near);
  far.once("data", () => near.destroy());
  far.resume();
}
