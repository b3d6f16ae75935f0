// A turn: a message said, and its numbered events, followed through broken connections.

import { Problem, post, send } from "./api.js";

/** The server sends a sign of life every 15 s: thrice that in silence is a dead connection. */
const SILENCE_MS = 45_000;
const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 10_000;

/** Says something, once for each key. Resolves when the message is durable and the turn has a name. */
export async function say(request, key, signal) {
  const connection = new AbortController();
  const headers = { "Idempotency-Key": key };
  const response = await send("POST", "/api/v1/chat", request, { headers, signal: connection.signal });
  // A message on its way is not called back: only listening to the answer can be given up.
  if (signal.aborted) connection.abort();
  signal.addEventListener("abort", () => connection.abort());
  const id = response.headers.get("Karen-Turn");
  const conversation = response.headers.get("Karen-Conversation");
  return { id, conversation, events: events(id, signal, response) };
}

/** Listens to a turn from its first event, whether it still runs or is long over. */
export const listen = (id, signal) => events(id, signal, null);

export const cancel = (id) => post(`/api/v1/turns/${id}/cancel`);

/** Yields each event once, in order, up to `done`; `lost` whenever the connection breaks. */
async function* events(id, signal, response) {
  let last = 0;
  let failures = 0;
  while (true) {
    try {
      response ??= await send("GET", `/api/v1/turns/${id}/events?after=${last}`, undefined, { signal });
      for await (const frame of frames(response.body)) {
        if (frame.event === "error") throw new Problem(500, JSON.parse(frame.data));
        if (!(frame.id > last)) continue;
        [last, failures] = [frame.id, 0];
        const event = JSON.parse(frame.data);
        yield event;
        if (event.type === "done") return;
      }
    } catch (error) {
      if (signal.aborted || (error instanceof Problem && !error.passes)) throw error;
    }
    response = null;
    yield { type: "lost" };
    await pause(Math.min(RETRY_FIRST_MS * 2 ** failures, RETRY_LAST_MS), signal);
    failures += 1;
  }
}

/** Server-sent events as in the HTML standard, section 9.2.6. */
async function* frames(body) {
  let frame = {};
  for await (const line of lines(body)) {
    if (line === "") {
      if (frame.data !== undefined) yield frame;
      frame = {};
      continue;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "id") frame.id = Number(value);
    if (field === "event") frame.event = value;
    if (field === "data") frame.data = frame.data === undefined ? value : `${frame.data}\n${value}`;
  }
}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    while (true) {
      const { value, done } = await withinSilence(reader.read());
      if (done) return;
      const whole = (rest + value).split(/\r?\n/);
      rest = whole.pop();
      yield* whole;
    }
  } finally {
    // Nobody listens any more; that the connection is already gone is no news.
    reader.cancel().catch(() => {});
  }
}

function withinSilence(read) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("the connection is silent")), SILENCE_MS);
  });
  return Promise.race([read, silence]).finally(() => clearTimeout(timer));
}

/** Waits, at most until the network is back. */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const woken = new AbortController();
    const end = (settle) => () => {
      clearTimeout(timer);
      woken.abort();
      settle(signal.reason);
    };
    const timer = setTimeout(end(resolve), ms);
    addEventListener("online", end(resolve), { signal: woken.signal });
    signal.addEventListener("abort", end(reject), { signal: woken.signal });
  });
}
