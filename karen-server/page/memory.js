// What Karen remembers: the list, the search, and forgetting.

import { get, post, remove } from "./api.js";
import {
  announce, attempt, byId, confirmed, copy, day, nameButton, onSubmit, removeItem,
} from "./view.js";

const PAGE = 30;
const SPEAKERS = { user: "You", assistant: "Karen" };

let cursor = null;

export function start() {
  onSubmit(byId("note-form"), rememberNote);
  onSubmit(byId("recall-form"), recall);
  byId("found-close").addEventListener("click", closeFound);
  onClick("kept-more", loadMore);
  onClick("forget-all", forgetAll);
}

export async function show() {
  closeFound();
  await attempt(byId("memory"), problems(), load);
}

/** A memory that was recalled: what it says, and why it came up. */
export function recollection(item) {
  const piece = copy("recollection");
  piece.text.textContent = item.text;
  piece.meta.textContent = origin(item);
  piece.terms.textContent = item.terms.join(", ") || "none of its own: found by its neighbours or its meaning";
  piece.score.textContent = scores(item);
  nameButton(piece.forget, item.text);
  piece.forget.addEventListener("click", () => {
    attempt(piece.root, piece.problem, () => forgetRecalled(item, piece.root));
  });
  return piece.root;
}

async function load() {
  cursor = null;
  byId("kept-list").replaceChildren();
  await loadMore();
}

async function loadMore() {
  const after = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  const page = await get(`/api/v1/memories?limit=${PAGE}${after}`);
  byId("kept-list").append(...page.data.map(record));
  cursor = page.next_cursor;
  byId("kept-more").hidden = !cursor;
  showEmpty();
}

function record(item) {
  const piece = copy("record");
  piece.root.dataset.memory = item.id;
  piece.text.textContent = item.text;
  piece.meta.textContent = [origin(item), ...item.tags].join(" · ");
  piece.remove.textContent = "Forget";
  nameButton(piece.remove, item.text);
  piece.remove.addEventListener("click", () => {
    attempt(piece.root, piece.problem, async () => {
      if (await forgotten(item)) dropRecord(piece.root);
    });
  });
  return piece.root;
}

async function rememberNote(form) {
  const kept = await post("/api/v1/memories", { text: form.get("text") });
  byId("note-form").reset();
  await load();
  announce(kept.stored ? "Remembered." : "Karen remembered that already.");
}

async function recall(form) {
  const found = await post("/api/v1/memories/recall", { query: form.get("query") });
  byId("found-list").replaceChildren(...found.data.map(recollection));
  byId("found-empty").hidden = found.data.length > 0;
  byId("found").hidden = false;
  byId("kept").hidden = true;
  byId("found-title").focus();
}

function closeFound() {
  byId("found").hidden = true;
  byId("kept").hidden = false;
  byId("recall-form").reset();
}

async function forgetRecalled(item, place) {
  if (!(await forgotten(item))) return;
  const gone = document.createElement("p");
  gone.className = "hint";
  gone.tabIndex = -1;
  gone.textContent = "Forgotten.";
  place.replaceChildren(gone);
  gone.focus();
  byId("kept-list").querySelector(`[data-memory="${CSS.escape(item.id)}"]`)?.remove();
}

/** Forgets after asking; whether it is gone. */
async function forgotten(item) {
  const text = `“${item.text}” will never be recalled again. The conversation that it came from keeps its messages.`;
  if (!(await confirmed({ title: "Forget this?", text, action: "Forget" }))) return false;
  await remove(`/api/v1/memories/${encodeURIComponent(item.id)}`);
  announce("Forgotten.");
  return true;
}

async function forgetAll() {
  const text = "Everything that Karen remembers for you is gone for good. Conversations stay.";
  if (!(await confirmed({ title: "Forget everything?", text, action: "Forget everything" }))) return;
  const { forgotten: count } = await remove("/api/v1/memories");
  await load();
  announce(`${count} memories forgotten.`);
  byId("kept-title").focus();
}

function dropRecord(item) {
  removeItem(item);
  showEmpty();
}

function showEmpty() {
  const empty = byId("kept-list").childElementCount === 0;
  byId("kept-empty").hidden = !empty;
  byId("forget-all").hidden = empty;
}

function origin({ speaker, at }) {
  const who = SPEAKERS[speaker] ?? speaker;
  return who ? `${who}, ${day(at)}` : day(at);
}

function scores({ score, channels }) {
  const parts = channels.map(([channel, value]) => `${channel} ${value.toFixed(2)}`);
  return parts.length > 0 ? `${score.toFixed(2)} (${parts.join(", ")})` : score.toFixed(2);
}

function onClick(id, task) {
  byId(id).addEventListener("click", () => attempt(byId(id), problems(), task));
}

const problems = () => byId("memory-problem");
