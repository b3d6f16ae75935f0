// One's own account: devices, passkeys, API keys and the password.

import { get, post, put, remove } from "./api.js";
import * as passkey from "./passkey.js";
import * as providers from "./providers.js";
import * as secondFactor from "./second_factor.js";
import {
  announce, attempt, byId, confirmed, copy, moment, nameButton, onSubmit, removeItem,
} from "./view.js";

export function start() {
  onSubmit(byId("key-form"), createKey);
  onSubmit(byId("passkey-form"), addPasskey);
  byId("passkey-form").hidden = !passkey.possible;
  onSubmit(byId("password-form"), changePassword);
  byId("sign-out-all").addEventListener("click", () => {
    attempt(byId("sign-out-all"), byId("account-problem"), signOutEverywhere);
  });
}

/** Says whose account it is. */
export function belongTo({ name, email, role }) {
  byId("whoami").textContent = `${name} · ${email} · ${role}`;
  byId("password-owner").value = email;
}

export async function show() {
  byId("new-key").replaceChildren();
  await attempt(byId("account"), byId("account-problem"), async () => {
    const parts = [loadDevices(), loadPasskeys(), loadKeys(), providers.load(), secondFactor.load()];
    await Promise.all(parts);
  });
}

async function loadDevices() {
  const { data } = await get("/api/v1/me/sessions");
  byId("devices").replaceChildren(...data.map(device));
}

async function loadPasskeys() {
  const { data } = await get("/api/v1/auth/passkeys");
  byId("passkeys").replaceChildren(...data.map(ownPasskey));
  showEmpty();
}

async function loadKeys() {
  const { data } = await get("/api/v1/api-keys");
  byId("keys").replaceChildren(...data.map(key));
  showEmpty();
}

function device({ id, current, device: name, address, last_used_at }) {
  const used = `${address ? `${address}, ` : ""}last seen ${moment(last_used_at)}`;
  const item = entry(deviceName(name), current ? `This device, ${used}` : used);
  item.remove.hidden = current;
  whenRemoved(item, "Sign out", async () => {
    await remove(`/api/v1/me/sessions/${encodeURIComponent(id)}`);
    announce("The device is signed out.");
  });
  return item.root;
}

/** "Firefox on Linux", where the device is a browser that says so. */
function deviceName(agent) {
  if (!agent) return "Unknown device";
  const [browser] = /Edg|OPR|Firefox|Chrome|Safari/.exec(agent) ?? [];
  const [system] = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent) ?? [];
  const known = { Edg: "Edge", OPR: "Opera" };
  return browser && system ? `${known[browser] ?? browser} on ${system}` : agent;
}

function ownPasskey({ id, name, created_at, last_used_at }) {
  const used = last_used_at ? `last used ${moment(last_used_at)}` : "never used";
  const item = entry(name, `Made ${moment(created_at)}, ${used}`);
  whenRemoved(item, "Remove", async () => {
    const text = `“${name}” signs nobody in any more. Every other device is signed out.`;
    if (!(await confirmed({ title: "Remove this passkey?", text, action: "Remove" }))) return false;
    await remove(`/api/v1/auth/passkeys/${encodeURIComponent(id)}`);
    announce("The passkey is removed.");
    await Promise.all([loadDevices(), secondFactor.load()]);
  });
  return item.root;
}

async function addPasskey(form) {
  const options = await post("/api/v1/auth/passkeys/begin");
  const made = { name: form.get("name"), credential: await passkey.make(options) };
  const { recovery_codes } = await post("/api/v1/auth/passkeys", made);
  byId("passkey-form").reset();
  await Promise.all([loadDevices(), loadPasskeys(), secondFactor.load()]);
  if (recovery_codes) secondFactor.showCodes(recovery_codes);
  announce("The passkey is in use.");
}

function key({ id, name, prefix, created_at, last_used_at }) {
  const used = last_used_at ? `last used ${moment(last_used_at)}` : "never used";
  const item = entry(name, `${prefix}…, made ${moment(created_at)}, ${used}`);
  whenRemoved(item, "Revoke", async () => {
    const text = `Programs that use “${name}” are refused from now on.`;
    if (!(await confirmed({ title: "Revoke this key?", text, action: "Revoke" }))) return false;
    await remove(`/api/v1/api-keys/${encodeURIComponent(id)}`);
    announce("The key is revoked.");
  });
  return item.root;
}

function entry(text, meta) {
  const item = copy("item");
  item.text.textContent = text;
  item.meta.textContent = meta;
  return item;
}

/** The item goes when its task is done, unless the task says `false`. */
function whenRemoved(item, action, task) {
  item.remove.textContent = action;
  nameButton(item.remove, item.text.textContent);
  item.remove.addEventListener("click", () => {
    attempt(item.root, item.problem, async () => {
      if ((await task()) === false) return;
      removeItem(item.root);
      showEmpty();
    });
  });
}

async function createKey(form) {
  const made = await post("/api/v1/api-keys", { name: form.get("name") });
  byId("key-form").reset();
  await loadKeys();
  const secret = copy("secret");
  secret.key.textContent = made.key;
  secret.copy.addEventListener("click", () => copyText(secret.key, made.key));
  byId("new-key").replaceChildren(secret.root);
}

/** Browsers refuse the clipboard to pages without TLS: there the key is selected instead. */
async function copyText(element, text) {
  try {
    await navigator.clipboard.writeText(text);
    announce("Copied.");
  } catch {
    getSelection().selectAllChildren(element);
    announce("The key is selected: copy it with the keyboard.");
  }
}

async function signOutEverywhere() {
  const text = "Every device is signed out, this one too. API keys go on.";
  if (!(await confirmed({ title: "Sign out everywhere?", text, action: "Sign out" }))) return;
  await post("/api/v1/auth/logout-all");
  location.replace("/");
}

async function changePassword(form) {
  await put("/api/v1/me/password", {
    current_password: form.get("current_password"),
    new_password: form.get("new_password"),
  });
  byId("password-form").reset();
  announce("The password is changed.");
  await loadDevices();
}

function showEmpty() {
  byId("keys-empty").hidden = byId("keys").childElementCount > 0;
  byId("passkeys-empty").hidden = byId("passkeys").childElementCount > 0;
}
