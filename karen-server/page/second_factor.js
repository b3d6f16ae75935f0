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
  const state = await get("/api/v1/me/second-factor");
  byId("factor-state").textContent = inWords(state);
  byId("factor-begin").hidden = state.authenticator;
  byId("factor-off").hidden = !state.authenticator;
  byId("factor-new").hidden = true;
  byId("factor-codes").hidden = true;
}

function inWords({ enabled, authenticator, passkeys, since, recovery_codes }) {
  if (!enabled) return "Your password alone is enough to sign in.";
  const asked = [authenticator && "a code of your authenticator", passkeys > 0 && "a passkey"];
  const factor = asked.filter(Boolean).join(" or ");
  return `Besides your password, ${factor} is asked for since ${moment(since)}. ${recovery_codes} recovery codes are left.`;
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
  showCodes(recovery_codes);
}

/** Shows the codes that replace what may be lost, this once. */
export function showCodes(codes) {
  byId("factor-code-list").replaceChildren(...codes.map(line));
  byId("factor-codes").hidden = false;
}

async function turnOff(form) {
  await post("/api/v1/me/second-factor/disable", Object.fromEntries(form));
  byId("factor-off").reset();
  await load();
  announce("The authenticator is out of use.");
}

function line(text) {
  const item = document.createElement("li");
  item.append(document.createElement("code"));
  item.firstChild.textContent = text;
  return item;
}
