// Signing in by way of others, and the providers that an account is linked with.

import { get, post, remove, visit } from "./api.js";
import { announce, attempt, byId, copy, moment, nameButton } from "./view.js";

/** What the server says of a sign-in that came to nothing. */
const REFUSALS = {
  CONFLICT: "An account has your address. Sign in to it with its password, then link it under Account.",
  FORBIDDEN: "You have no account here. Ask an administrator for one.",
  UNAVAILABLE: "The provider does not answer. Try again later.",
};
const REFUSAL = "The sign-in came to nothing. Begin again.";

export const refusal = (code) => REFUSALS[code] ?? REFUSAL;

/** A button for each provider, under the form that asks for a password. */
export async function offer() {
  const { data } = await visit("/api/v1/auth/oidc");
  byId("providers").replaceChildren(...data.map(({ name, label }) => {
    const item = button(`Sign in with ${label}`);
    item.onclick = () => attempt(item, byId("providers-problem"), async () => {
      location.href = (await visit(`/api/v1/auth/oidc/${name}`, {})).url;
    });
    return item;
  }));
}

/** The providers that sign this account in, and those that could. */
export async function load() {
  const [providers, links] = await Promise.all([visit("/api/v1/auth/oidc"), get("/api/v1/me/links")]);
  byId("links-part").hidden = providers.data.length === 0 && links.data.length === 0;
  byId("links").replaceChildren(...providers.data.map(({ name, label }) => {
    const link = links.data.find(({ provider }) => provider === name);
    return link ? linked(name, label, link.since) : unlinked(name, label);
  }));
}

function linked(name, label, since) {
  const { root, text, meta, remove: end, problem } = copy("item");
  text.textContent = label;
  meta.textContent = `Signs you in since ${moment(since)}`;
  end.textContent = "Unlink";
  nameButton(end, label);
  end.onclick = () => attempt(end, problem, async () => {
    await remove(`/api/v1/me/links/${name}`);
    announce(`${label} is unlinked.`);
    await load();
  });
  return root;
}

function unlinked(name, label) {
  const item = document.createElement("li");
  const begin = button(`Link with ${label}`);
  begin.onclick = () => attempt(begin, byId("account-problem"), async () => {
    location.href = (await post(`/api/v1/me/links/${name}`)).url;
  });
  item.append(begin);
  return item;
}

function button(text) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  return made;
}
