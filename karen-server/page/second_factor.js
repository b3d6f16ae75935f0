// The second factor: an authenticator, and the codes that replace a lost one.

import { get, post, put } from "./api.js";
import { announce, attempt, byId, moment, onSubmit } from "./view.js";

export function start() {
  byId("factor-begin").addEventListener("click", () => {
    attempt(byId("factor-begin"), byId("account-problem"), begin);
  });
  onSubmit(byId("factor-form"), confirm);
  onSubmit(byId("factor-off"), turnOff);
}

/** Shows how it stands; what was shown once is gone. */
export async function load() {
  const { enabled, since, recovery_codes } = await get("/api/v1/me/second-factor");
  byId("factor-state").textContent = enabled
    ? `An authenticator is in use since ${moment(since)}. ${recovery_codes} recovery codes are left.`
    : "Your password alone is enough to sign in.";
  byId("factor-begin").hidden = enabled;
  byId("factor-off").hidden = !enabled;
  byId("factor-new").hidden = true;
  byId("factor-codes").hidden = true;
}

async function begin() {
  const { secret, uri } = await post("/api/v1/me/second-factor");
  byId("factor-secret").textContent = secret;
  byId("factor-uri").href = uri;
  byId("factor-begin").hidden = true;
  byId("factor-new").hidden = false;
  byId("factor-code").focus();
}

async function confirm(form) {
  const { recovery_codes } = await put("/api/v1/me/second-factor", { code: form.get("code").trim() });
  byId("factor-form").reset();
  await load();
  byId("factor-code-list").replaceChildren(...recovery_codes.map(line));
  byId("factor-codes").hidden = false;
}

async function turnOff(form) {
  await post("/api/v1/me/second-factor/disable", Object.fromEntries(form));
  byId("factor-off").reset();
  await load();
  announce("The second factor is off.");
}

function line(text) {
  const item = document.createElement("li");
  item.append(document.createElement("code"));
  item.firstChild.textContent = text;
  return item;
}
