// What Karen remembers: the list, the search, and forgetting.

import { get, post, remove } from "./api.js";
import { record } from "./record.js";
import { announce, attempt, byId, confirmed, onSubmit, removeItem } from "./view.js";

const PAGE = 30;
const DAY_MS = 86_400_000;

let cursor = null;

export function start() {
  onSubmit(byId("note-form"), rememberNote);
  onSubmit(byId("recall-form"), recall);
  byId("found-close").addEventListener("click", show);
  onClick("kept-more", loadMore);
  onClick("forget-all", forgetAll);
}

export async function show() {
  closeFound();
  await attempt(byId("memory"), problems(), load);
}

async function load() {
  cursor = null;
  byId("kept-list").replaceChildren();
  await loadMore();
}

async function loadMore() {
  const after = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  const page = await get(`/api/v1/memory?limit=${PAGE}${after}`);
  byId("kept-list").append(...page.data.map((item) => record(item, dropKept)));
  cursor = page.next_cursor;
  byId("kept-more").hidden = !cursor;
  showEmpty();
}

async function rememberNote(form) {
  const kept = await post("/api/v1/memory", { text: form.get("text") });
  byId("note-form").reset();
  await load();
  announce(told(kept));
}

function told({ stored, supersedes, refusal }) {
  if (refusal === "consent") return "Not remembered: you asked Karen to remember nothing.";
  if (!stored) return "Karen remembered that already.";
  return supersedes.length > 0 ? "Remembered, in place of what held before." : "Remembered.";
}

async function recall(form) {
  const query = { query: form.get("query"), ...asOf(form.get("day")) };
  const found = await post("/api/v1/memory/search", query);
  byId("found-list").replaceChildren(...found.data.map((item) => record(item, dropFound)));
  byId("found-empty").hidden = found.data.length > 0;
  byId("found").hidden = false;
  byId("kept").hidden = true;
  byId("found-title").focus();
}

/** Memory as it was at the end of a day here; nothing for no day. */
function asOf(text) {
  if (!text) return {};
  const [year, month, date] = text.split("-").map(Number);
  return { as_of: { valid: new Date(year, month - 1, date).getTime() + DAY_MS - 1 } };
}

function closeFound() {
  byId("found").hidden = true;
  byId("kept").hidden = false;
  byId("recall-form").reset();
}

async function forgetAll() {
  const text = "Everything that Karen remembers for you is gone for good. Conversations stay.";
  if (!(await confirmed({ title: "Forget everything?", text, action: "Forget everything" }))) return;
  const { forgotten: count } = await remove("/api/v1/memory");
  await load();
  announce(`${count} memories forgotten.`);
  byId("kept-title").focus();
}

function dropKept(item) {
  removeItem(item);
  showEmpty();
}

function dropFound(item) {
  removeItem(item);
  byId("found-empty").hidden = byId("found-list").childElementCount > 0;
}

function showEmpty() {
  const empty = byId("kept-list").childElementCount === 0;
  byId("kept-empty").hidden = !empty;
  byId("forget-all").hidden = empty;
}

function onClick(id, task) {
  byId(id).addEventListener("click", () => attempt(byId(id), problems(), task));
}

const problems = () => byId("memory-problem");
