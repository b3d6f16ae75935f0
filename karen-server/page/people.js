// The accounts of the tenant: who there is, what they may do, and who is invited.

import { get, post, put, remove } from "./api.js";
import {
  announce, attempt, byId, confirmed, copy, moment, nameButton, onSubmit, removeItem,
} from "./view.js";

let roles = [];
let cursor = null;

export function start() {
  onSubmit(byId("invite-form"), invite);
  byId("users-more").addEventListener("click", () => {
    attempt(byId("users-more"), byId("people-problem"), loadMore);
  });
}

export async function show() {
  await attempt(byId("people"), byId("people-problem"), async () => {
    const { data } = await get("/api/v1/roles");
    roles = data.map(({ name }) => name);
    const usual = roles.filter((name) => data.find((role) => role.name === name).built_in);
    byId("invite-role").replaceChildren(...usual.map((name) => new Option(name, name)));
    byId("invite-role").value = "member";
    byId("users").replaceChildren();
    cursor = null;
    await Promise.all([loadMore(), loadInvitations()]);
  });
}

async function loadMore() {
  const from = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
  const { data, next_cursor } = await get(`/api/v1/users${from}`);
  byId("users").append(...data.map(person));
  cursor = next_cursor;
  byId("users-more").hidden = cursor === null;
}

async function loadInvitations() {
  const { data } = await get("/api/v1/invitations");
  byId("invitations").replaceChildren(...data.map(invitation));
  byId("invitations-part").hidden = data.length === 0;
}

async function invite(form) {
  await post("/api/v1/invitations", Object.fromEntries(form));
  byId("invite-form").reset();
  byId("invite-role").value = "member";
  announce("The invitation is on its way.");
  await loadInvitations();
}

function person(account) {
  const item = copy("person");
  const path = `/api/v1/users/${encodeURIComponent(account.id)}`;
  item.text.textContent = account.name;
  item.meta.textContent = `${account.email}, since ${moment(account.created_at)}`;
  nameButton(item.remove, account.name);
  offerRoles(item, account, path);
  offerState(item, account, path);
  item.remove.addEventListener("click", () => {
    attempt(item.root, item.problem, async () => {
      const text = "Their sessions and keys end at once, and what they said is erased for good.";
      const title = `Remove ${account.name}?`;
      if (!(await confirmed({ title, text, action: "Remove" }))) return;
      await remove(path);
      removeItem(item.root);
      announce("The account and what it said are erased.");
    });
  });
  return item.root;
}

function offerRoles(item, account, path) {
  item.role.ariaLabel = `Role of ${account.name}`;
  item.role.replaceChildren(...roles.map((name) => new Option(name, name)));
  item.role.value = account.role;
  item.role.addEventListener("change", () => {
    attempt(item.root, item.problem, async () => {
      try {
        account = await put(`${path}/role`, { role: item.role.value });
        announce(`${account.name} is now ${account.role}.`);
      } finally {
        item.role.value = account.role;
      }
    });
  });
}

function offerState(item, account, path) {
  let active = account.state === "active";
  const name = () => {
    item.state.textContent = active ? "Disable" : "Enable";
    nameButton(item.state, account.name);
  };
  name();
  item.state.addEventListener("click", () => {
    attempt(item.root, item.problem, async () => {
      await post(`${path}/${active ? "disable" : "enable"}`);
      active = !active;
      name();
      announce(active ? "The account is enabled." : "The account is disabled.");
    });
  });
}

function invitation({ id, email, role, expires_at }) {
  const item = copy("item");
  item.text.textContent = email;
  item.meta.textContent = `as ${role}, until ${moment(expires_at)}`;
  item.remove.textContent = "Revoke";
  nameButton(item.remove, email);
  item.remove.addEventListener("click", () => {
    attempt(item.root, item.problem, async () => {
      await remove(`/api/v1/invitations/${encodeURIComponent(id)}`);
      await loadInvitations();
      byId("invite-email").focus();
    });
  });
  return item.root;
}
