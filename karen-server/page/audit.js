// The audit log of the tenant, and whether it is whole.

import { get } from "./api.js";
import { attempt, byId, copy, moment } from "./view.js";

let cursor = null;

export function start() {
  byId("audit-more").addEventListener("click", () => {
    attempt(byId("audit-more"), byId("audit-problem"), loadMore);
  });
  byId("audit-verify").addEventListener("click", () => {
    attempt(byId("audit-verify"), byId("audit-problem"), verify);
  });
}

export async function show() {
  await attempt(byId("audit"), byId("audit-problem"), async () => {
    byId("audit-list").replaceChildren();
    byId("audit-verdict").textContent = "";
    cursor = null;
    await loadMore();
  });
}

async function loadMore() {
  const from = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
  const { data, next_cursor } = await get(`/api/v1/audit${from}`);
  byId("audit-list").append(...data.map(happening));
  cursor = next_cursor;
  byId("audit-more").hidden = cursor === null;
}

async function verify() {
  byId("audit-verdict").textContent = "";
  const { seq } = await get("/api/v1/audit/verify");
  byId("audit-verdict").textContent = `Whole: ${seq} entries, none changed, removed or moved.`;
}

function happening({ seq, at, action, outcome, actor, subject, address }) {
  const item = copy("happening");
  const refused = outcome === "refused" ? ", refused" : "";
  const whom = subject && subject !== actor ? `, on ${subject}` : "";
  item.text.textContent = `${action}${refused}`;
  item.meta.textContent = `${seq}, ${moment(at)}, by ${actor ?? "nobody known"}${whom}${address ? `, from ${address}` : ""}`;
  return item.root;
}
