// The list of conversations, last used first.

import { get, remove } from "./api.js";
import { attempt, byId, confirmed, copy, nameButton, removeItem } from "./view.js";

const PAGE = 50;

const items = new Map();
let current = null;
let next = null;

export function start() {
  const more = byId("conversations-more");
  more.addEventListener("click", () => attempt(more, problems(), loadMore));
}

export async function load() {
  items.clear();
  byId("conversations").replaceChildren();
  next = null;
  await loadMore();
}

/** Marks the conversation that is on the page: an id, null for a new one, undefined for none. */
export function mark(id) {
  current = id;
  byId("begin").ariaCurrent = id === null ? "page" : null;
  for (const [key, item] of items) item.link.ariaCurrent = key === id ? "page" : null;
}

/** Puts a conversation first, since something was said in it. */
export async function touch(id) {
  if (!items.has(id)) add(await get(`/api/v1/conversations/${id}`));
  byId("conversations").prepend(items.get(id).root);
}

/** The title of a conversation that is in the list. */
export function titleOf(id) {
  return items.get(id).link.textContent;
}

async function loadMore() {
  const cursor = next === null ? "" : `&cursor=${next}`;
  const page = await get(`/api/v1/conversations?limit=${PAGE}${cursor}`);
  page.data.forEach(add);
  next = page.next_cursor;
  byId("conversations-more").hidden = next === null;
  showEmpty();
}

function add({ id, title }) {
  if (items.has(id)) return;
  const item = copy("conversation");
  item.link.href = `#/chat/${id}`;
  item.link.textContent = title || "Untitled";
  nameButton(item.remove, item.link.textContent);
  item.remove.addEventListener("click", () => attempt(item.root, problems(), () => drop(id, item)));
  items.set(id, item);
  byId("conversations").append(item.root);
  showEmpty();
  mark(current);
}

async function drop(id, item) {
  const text = `“${item.link.textContent}” and its messages go for good. What Karen remembers of it stays until it is forgotten.`;
  if (!(await confirmed({ title: "Delete this conversation?", text, action: "Delete" }))) return;
  await remove(`/api/v1/conversations/${id}`);
  items.delete(id);
  removeItem(item.root);
  showEmpty();
  if (id === current) location.hash = "#/chat";
}

function showEmpty() {
  byId("conversations-empty").hidden = items.size > 0;
}

const problems = () => byId("conversations-problem");
