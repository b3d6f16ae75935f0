// Coming in: the first account, and signing in.

import { expectSession, giveCode, setUp, signIn, usePasskey, visit } from "./api.js";
import * as passkey from "./passkey.js";
import * as providers from "./providers.js";
import { announce, attempt, byId, nameWindow, onSubmit, showProblem } from "./view.js";

const PANELS = ["unreachable", "first", "sign-in", "code", "forgot", "reset", "recover", "invited", "verified"];
/** What links in mails begin with, and the panel that they open. */
const LINKS = { reset: "reset", recover: "recover", invitation: "invited", verify: "verified" };

/** Of a login that takes a code. */
let challenge = null;
/** Of the link that somebody followed. */
let link = null;

/** Wires the forms; `entered` is called with the account of whoever came in. */
export function start(entered) {
  onSubmit(byId("first-form"), async (form) => entered(await setUp(Object.fromEntries(form))));
  onSubmit(byId("sign-in-form"), async (form) => {
    const begun = await signIn(form.get("email"), form.get("password"));
    challenge = begun.challenge;
    if (challenge) show("code");
    else entered(begun.account);
  });
  onSubmit(byId("code-form"), async (form) => {
    entered(await giveCode({ challenge, code: form.get("code") }));
  });
  onPasskey("sign-in", async () => entered(await usePasskey(passkey.use)));
  onPasskey("code", async () => entered(await usePasskey(passkey.use, challenge)));
  onSubmit(byId("forgot-form"), async (form) => {
    const what = form.get("lost") === "factor" ? "recovery/request" : "password/forgot";
    await visit(`/api/v1/auth/${what}`, { email: form.get("email") });
    say("If there is such an account, a mail is on its way.");
  });
  follows("reset", "password/reset", "Your password is changed. Sign in with it.");
  follows("recover", "recovery", "Your second factor is removed. Sign in with your password.");
  follows("invited", "invitation", "You have an account. Sign in with it.");
  follows("verified", "email/verify", "Your address is confirmed.");
  byId("to-forgot").addEventListener("click", () => show("forgot"));
  for (const back of document.querySelectorAll("[data-back]")) back.addEventListener("click", showSignIn);
}

function onPasskey(panel, task) {
  const button = byId(`${panel}-passkey`);
  button.hidden = !passkey.possible;
  const problem = byId(panel).querySelector(".problems");
  button.addEventListener("click", () => attempt(button, problem, task));
}

/** Uses up the link with what the panel's form asks for. */
function follows(panel, path, done) {
  onSubmit(byId(`${panel}-form`), async (form) => {
    await visit(`/api/v1/auth/${path}`, { token: link, ...Object.fromEntries(form) });
    say(done);
  });
}

/** What a provider sent this browser back with, if it was sent; true when a panel is open. */
export function comeBack() {
  const [what, detail] = [...new URLSearchParams(location.hash.slice(1))][0] ?? [];
  if (!["signed-in", "code", "refused"].includes(what)) return false;
  history.replaceState(null, "", "/");
  if (what === "signed-in") expectSession();
  if (what === "code") challenge = detail;
  if (what === "code") show("code");
  if (what === "refused") say(providers.refusal(detail));
  return what !== "signed-in";
}

/** Opens the panel of the link that the address holds; false if it holds none. */
export function showLink() {
  const [kind, token] = [...new URLSearchParams(location.hash.slice(1))][0] ?? [];
  if (!(kind in LINKS)) return false;
  link = token;
  // A token has no business in the history.
  history.replaceState(null, "", "/");
  show(LINKS[kind]);
  return true;
}

function say(text) {
  byId("sign-in-news").textContent = text;
  showSignIn();
  announce(text);
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
  providers.offer().catch((problem) => showProblem(byId("providers-problem"), problem));
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
  byId("sign-in-news").textContent = "";
  byId("entry").hidden = true;
}

function show(name) {
  byId("entry").hidden = false;
  for (const panel of PANELS) byId(panel).hidden = panel !== name;
  nameWindow();
  byId(name).querySelector(".field:not([hidden]) input")?.focus();
}
