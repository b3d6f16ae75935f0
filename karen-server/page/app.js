// The page: who is here, and which view they look at. Addresses are /#/chat/ID, /#/memory, /#/people, /#/audit,
// /#/account.

import * as account from "./account.js";
import * as again from "./again.js";
import { get, resumeSession, session, setupNeeded, signOut } from "./api.js";
import * as audit from "./audit.js";
import * as chat from "./chat.js";
import * as conversations from "./conversations.js";
import * as entry from "./entry.js";
import * as memory from "./memory.js";
import * as models from "./models.js";
import * as people from "./people.js";
import * as secondFactor from "./second_factor.js";
import { attempt, byId, nameWindow, showProblem } from "./view.js";

const VIEWS = { chat, memory, people, audit, account };

async function begin() {
  entry.hide();
  if (entry.showLink() || entry.comeBack()) return;
  try {
    const person = await resumeSession();
    if (person) enter(person);
    else if (await setupNeeded()) entry.showFirst();
    else entry.showSignIn();
  } catch (problem) {
    entry.showUnreachable(problem, begin);
  }
}

function enter(person) {
  entry.hide();
  byId("house").hidden = false;
  account.belongTo(person);
  if (!location.hash.startsWith("#/")) history.replaceState(null, "", "#/chat");
  for (const list of [conversations, models]) list.load().catch(report);
  offerPlaces().catch(report);
  route();
}

/** Places that the person may not enter are not offered. */
async function offerPlaces() {
  const { permissions } = await get("/api/v1/me");
  for (const link of document.querySelectorAll("[data-needs]")) {
    link.hidden = !permissions.includes(link.dataset.needs);
  }
}

function leave() {
  chat.leave();
  byId("house").hidden = true;
}

const report = (error) => showProblem(byId("conversations-problem"), error);

/** Shows the view that the address names. */
function route() {
  if (byId("house").hidden) return;
  const [, wanted, id = null] = location.hash.split("/");
  const name = wanted in VIEWS ? wanted : "chat";
  for (const view of Object.keys(VIEWS)) byId(view).hidden = view !== name;
  conversations.mark(name === "chat" ? id : undefined);
  markPlace(name);
  openMenu(false);
  nameWindow();
  VIEWS[name].show(id);
}

function markPlace(name) {
  for (const link of document.querySelectorAll("[data-view]")) {
    link.ariaCurrent = link.dataset.view === name ? "page" : null;
  }
}

function openMenu(open) {
  byId("menu").ariaExpanded = String(open);
}

byId("menu").addEventListener("click", () => openMenu(byId("menu").ariaExpanded !== "true"));

// The address names the view, so the skip link must not change it.
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId(byId("house").hidden ? "entry" : "content").focus();
});

byId("sign-out").addEventListener("click", () => {
  attempt(byId("sign-out"), byId("conversations-problem"), async () => {
    await signOut();
    // A fresh page keeps nothing of whoever left.
    location.replace("/");
  });
});

session.addEventListener("ended", () => {
  leave();
  entry.sayEnded();
  entry.showSignIn();
});

addEventListener("hashchange", () => {
  route();
  // Chat leads to its composer by itself; elsewhere a reader begins at the top.
  document.querySelector(".view:not([hidden], .chat) h1")?.focus();
});
entry.start(enter);
conversations.start();
chat.start();
memory.start();
people.start();
audit.start();
account.start();
secondFactor.start();
again.start();
begin();
