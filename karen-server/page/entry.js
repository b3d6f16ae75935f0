// Coming in: the first account, and signing in.

import { setUp, signIn } from "./api.js";
import { byId, nameWindow, onSubmit, showProblem } from "./view.js";

const PANELS = ["unreachable", "first", "sign-in"];

/** Wires the forms; `entered` is called with the account of whoever came in. */
export function start(entered) {
  onSubmit(byId("first-form"), async (form) => entered(await setUp(Object.fromEntries(form))));
  onSubmit(byId("sign-in-form"), async (form) => {
    entered(await signIn(form.get("email"), form.get("password")));
  });
}

/** The first run. Whoever followed the server's link brings its token along. */
export function showFirst() {
  const token = new URLSearchParams(location.hash.slice(1)).get("setup");
  byId("first-token").value = token ?? "";
  byId("first-token-field").hidden = token !== null;
  show("first");
}

export function showSignIn() {
  show("sign-in");
}

/** A session ended by itself: said, so that nobody wonders. */
export function sayEnded() {
  byId("sign-in-reason").hidden = false;
}

export function showUnreachable(error, again) {
  show("unreachable");
  showProblem(byId("unreachable").querySelector(".problems"), error);
  byId("again").onclick = again;
  byId("again").focus();
}

/** Leaves nothing behind that was typed. */
export function hide() {
  for (const form of byId("entry").querySelectorAll("form")) form.reset();
  byId("sign-in-reason").hidden = true;
  byId("entry").hidden = true;
}

function show(name) {
  byId("entry").hidden = false;
  for (const panel of PANELS) byId(panel).hidden = panel !== name;
  nameWindow();
  byId(name).querySelector(".field:not([hidden]) input")?.focus();
}
