// One memory: what it says, why it was found, what it was, and what may be done with it.

import { get, patch, remove } from "./api.js";
import { announce, attempt, confirmed, copy, day, moment, nameButton } from "./view.js";

const SPEAKERS = { user: "You", assistant: "Karen" };
const NO_WORDS = "none of its own: found by its neighbours or its meaning";
const CHANGES = {
  edited: "Corrected",
  superseded: "Replaced by another",
  retired: "Said to be wrong",
  archived: "Put away",
  restored: "Brought back",
};

/** A memory that a turn was given: what it says, and why it came up. */
export function recollection(item) {
  const piece = copy("recollection");
  piece.text.textContent = item.text;
  piece.meta.textContent = origin(item);
  fillReasons(piece, item);
  nameButton(piece.forget, item.text);
  piece.forget.addEventListener("click", () => {
    attempt(piece.root, piece.problem, async () => {
      if (await forgotten(item)) replaceByNote(piece.root);
    });
  });
  return piece.root;
}

/** A memory in a list of them. `gone` is called when it was forgotten. */
export function record(item, gone) {
  const piece = copy("record");
  piece.root.dataset.memory = item.id;
  fill(piece, item);
  if (item.terms) fillReasons(piece, item);
  const on = (button, task) => {
    button.addEventListener("click", () => attempt(piece.root, piece.problem, task));
  };
  on(piece.remove, async () => {
    if (await forgotten(item)) gone(piece.root);
  });
  on(piece.pin, async () => keep(piece, item, { pinned: !item.pinned }));
  piece.correct.addEventListener("click", () => correct(piece, item));
  piece.past.addEventListener("toggle", () => {
    if (piece.past.open) attempt(piece.past, piece.problem, () => showPast(piece, item));
  });
  return piece.root;
}

function fill(piece, item) {
  piece.text.textContent = item.text;
  piece.meta.textContent = [origin(item), ...states(item), ...item.tags].join(" · ");
  piece.pin.textContent = item.pinned ? "Unpin" : "Pin";
  // What was said in a conversation stays what was said.
  piece.correct.hidden = item.kind === "turn";
  for (const button of [piece.correct, piece.pin, piece.remove]) nameButton(button, item.text);
}

function fillReasons(piece, item) {
  piece.terms.textContent = item.terms.join(", ") || NO_WORDS;
  piece.score.textContent = scores(item);
  piece.reasons.hidden = false;
}

function correct(piece, item) {
  const form = copy("correction");
  form.text.value = item.text;
  nameField(form.text, item.text);
  const close = () => {
    form.root.replaceWith(piece.text);
    piece.correct.hidden = false;
    piece.correct.focus();
  };
  form.cancel.addEventListener("click", close);
  form.root.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(piece.root, piece.problem, async () => {
      await keep(piece, item, { text: form.text.value });
      close();
    });
  });
  piece.correct.hidden = true;
  piece.text.replaceWith(form.root);
  form.text.focus();
}

/** Changes the memory, and shows what it has become. */
async function keep(piece, item, change) {
  Object.assign(item, await patch(path(item), change));
  fill(piece, item);
  piece.past.open = false;
  announce("Kept.");
}

async function showPast(piece, item) {
  const { history } = await get(`${path(item)}/inspect`);
  const lines = history.map(({ change, changed_at: at, memory }) => {
    const line = document.createElement("li");
    line.textContent = `“${memory.text}” ${CHANGES[change] ?? change}, ${moment(at)}`;
    return line;
  });
  piece.versions.replaceChildren(...lines);
  piece.unchanged.hidden = lines.length > 0;
}

/** Forgets after asking; whether it is gone. */
async function forgotten(item) {
  const text = `“${item.text}” will never be recalled again. The conversation that it came from keeps its messages.`;
  if (!(await confirmed({ title: "Forget this?", text, action: "Forget" }))) return false;
  await remove(path(item));
  announce("Forgotten.");
  return true;
}

function replaceByNote(place) {
  const gone = document.createElement("p");
  gone.className = "hint";
  gone.tabIndex = -1;
  gone.textContent = "Forgotten.";
  place.replaceChildren(gone);
  gone.focus();
}

const path = ({ id }) => `/api/v1/memory/${encodeURIComponent(id)}`;

function nameField(field, subject) {
  field.ariaLabel = `Corrected text of: ${subject}`;
}

function origin({ speaker, at }) {
  const who = SPEAKERS[speaker] ?? speaker;
  return who ? `${who}, ${day(at)}` : day(at);
}

function states(item) {
  return [
    item.kind === "instruction" && "instruction",
    item.kind === "summary" && "summary",
    item.pinned && "pinned",
    item.superseded_by && `replaced ${day(item.retired_at)}`,
    item.retired_at && !item.superseded_by && `said to be wrong ${day(item.retired_at)}`,
    item.archived_at && "put away",
  ].filter(Boolean);
}

function scores({ score, channels }) {
  const parts = channels.map(([channel, value]) => `${channel} ${value.toFixed(2)}`);
  return parts.length > 0 ? `${score.toFixed(2)} (${parts.join(", ")})` : score.toFixed(2);
}
