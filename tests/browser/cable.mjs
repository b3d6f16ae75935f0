// A cable between the browser and the server that can be pulled: what it carries is lost.

import { connect, createServer } from "node:net";

/** Relays connections to `url`; gives the address to use instead, and the means to pull the plug. */
export async function layCable(url) {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  let pulled = false;
  const relay = createServer((near) => {
    if (pulled) return near.destroy();
    const far = connect(Number(port), hostname);
    join(near, far, sockets);
  });
  await new Promise((resolve) => relay.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${relay.address().port}`,
    pull() {
      pulled = true;
      for (const socket of sockets) socket.destroy();
    },
    plugIn() {
      pulled = false;
    },
    close() {
      this.pull();
      relay.close();
    },
  };
}

/** Two ends that live and die together. */
function join(near, far, sockets) {
  for (const [end, other] of [[near, far], [far, near]]) {
    sockets.add(end);
    end.pipe(other);
    // A broken pipe is what this is for; both ends are closed below.
    end.on("error", () => {});
    end.on("close", () => {
      sockets.delete(end);
      other.destroy();
    });
  }
}
