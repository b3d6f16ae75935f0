// The conversation on the page: its messages, the composer, and the turn that is being answered.

import { Answer } from "./answer.js";
import { get } from "./api.js";
import * as conversations from "./conversations.js";
import * as models from "./models.js";
import { cancel, listen, say } from "./turn.js";
import { announce, attempt, blocks, byId, clearProblem, copy, nameWindow, showProblem } from "./view.js";

/** Messages that are asked for at once. */
const PAGE = 100;
/** This close to the end of the page, a growing answer is followed, in pixels. */
const END_PX = 120;

/** What is on the page: a conversation (null until it begins), whether its end is there, the id of
 *  its first message that is, and whatever listens for it. */
let visit = null;
/** The turn that is being answered: its id once the server gave one, and whether to stop it. */
let turn = null;
let following = true;
/** A message of which it is not known whether it arrived: sent again, it is said once. */
let unsure = null;

export function start() {
  byId("composer").addEventListener("submit", submit);
  byId("message").addEventListener("keydown", sendOnEnter);
  byId("stop").addEventListener("click", stop);
  document.addEventListener("keydown", stopOnEscape);
  byId("welcome").addEventListener("click", useExample);
  byId("earlier").addEventListener("click", () => attempt(byId("earlier"), problems(), loadEarlier));
  followGrowth();
}

/** Shows a conversation, or an empty page to begin one. */
export async function show(id) {
  if (visit === null || visit.conversation !== id) await open(id);
  byId("message").focus();
}

/** Stops listening. A turn that runs goes on without. */
export function leave() {
  visit?.listening.abort();
  visit = null;
  setTurn(null);
  byId("transcript").replaceChildren();
  byId("earlier").hidden = true;
  clearProblem(problems());
}

async function open(id) {
  leave();
  visit = { conversation: id, ready: id === null, earliest: null, listening: new AbortController() };
  setTitle("New conversation");
  byId("welcome").hidden = id !== null;
  if (id === null) return;
  const here = visit;
  try {
    await load(id, here.listening.signal);
    here.ready = true;
  } catch (error) {
    report(error);
  }
}

async function load(id, signal) {
  const [about, page] = await Promise.all([
    get(pathOf(id), { signal }),
    get(`${pathOf(id)}/messages?limit=${PAGE}`, { signal }),
  ]);
  setTitle(about.title || "Untitled");
  const running = page.running_turn;
  byId("transcript").append(...elements(page, signal));
  scrollToEnd();
  if (running === null) return;
  follow(addAnswer(), { id: running, stopped: false }, listen(running, signal), signal);
}

/** Puts what was said before above what is on the page, which stays where it is. */
async function loadEarlier() {
  const { conversation, earliest, listening } = visit;
  const { signal } = listening;
  const page = await get(`${pathOf(conversation)}/messages?limit=${PAGE}&before=${earliest}`, { signal });
  const transcript = byId("transcript");
  const below = document.documentElement.scrollHeight - scrollY;
  transcript.ariaLive = "off";
  transcript.prepend(...elements(page, signal));
  transcript.ariaLive = "polite";
  scrollTo(0, document.documentElement.scrollHeight - below);
}

/** The messages of a page; the answer of a running turn is left out, it comes from its events. */
function elements({ data, has_earlier: hasEarlier, running_turn: running }, signal) {
  visit.earliest = data[0]?.id ?? visit.earliest;
  byId("earlier").hidden = !hasEarlier;
  const shown = data.filter(({ role, turn: of }) => role === "user" || running === null || of !== running);
  return shown.map((message) =>
    message.role === "user" ? userMessage(message.content) : Answer.given(message, signal).element,
  );
}

const pathOf = (id) => `/api/v1/conversations/${encodeURIComponent(id)}`;

function submit(event) {
  event.preventDefault();
  const message = byId("message").value.trim();
  if (message === "" || !visit.ready) return;
  if (turn !== null) announce("Karen is still answering. Esc stops the answer.");
  else send(message);
}

async function send(message) {
  const here = visit;
  const { signal } = here.listening;
  const asked = addUserMessage(message);
  const answer = addAnswer();
  byId("message").value = "";
  byId("welcome").hidden = true;
  clearProblem(problems());
  scrollToEnd();
  const mine = { id: null, stopped: false };
  setTurn(mine);
  try {
    const conversation = here.conversation ?? undefined;
    const begun = await say({ message, conversation, model: models.chosen() }, keyOf(message), signal);
    unsure = null;
    settle(here, begun.conversation);
    mine.id = begun.id;
    if (mine.stopped) cancel(mine.id).catch(report);
    follow(answer, mine, begun.events, signal);
  } catch (error) {
    if (error.status !== 0) unsure = null;
    if (visit === here) takeBack(message, asked, answer.element);
    report(error);
  }
}

/** The key of a message: the same again while nobody knows whether it arrived. */
function keyOf(message) {
  if (unsure?.message === message) return unsure.key;
  const random = crypto.getRandomValues(new Uint32Array(4));
  unsure = { message, key: random.join("-") };
  return unsure.key;
}

/** The first message began a conversation: a reload must find it. */
function settle(here, id) {
  if (here.conversation === null && location.hash === "#/chat") {
    history.replaceState(null, "", `#/chat/${id}`);
    conversations.mark(id);
  }
  here.conversation = id;
  conversations.touch(id).then(() => nameAfter(id), report);
}

function nameAfter(id) {
  if (visit?.conversation === id) setTitle(conversations.titleOf(id));
}

/** The message was not accepted: it goes back where it can be sent again. */
function takeBack(message, ...elements) {
  for (const element of elements) element.remove();
  const composer = byId("message");
  composer.value ||= message;
  byId("welcome").hidden = visit.conversation !== null;
  setTurn(null);
}

async function follow(answer, followed, events, signal) {
  if (signal.aborted) return;
  setTurn(followed);
  try {
    for await (const event of events) answer.take(event);
  } catch (error) {
    if (!signal.aborted) answer.fail(error);
  }
  if (signal.aborted) return;
  if (following) scrollToEnd();
  setTurn(null);
}

function stop() {
  if (turn === null || turn.stopped) return;
  turn.stopped = true;
  announce("Stopping.");
  byId("message").focus();
  if (turn.id !== null) cancel(turn.id).catch(report);
}

function stopOnEscape(event) {
  if (event.key !== "Escape" || event.isComposing) return;
  if (!document.querySelector("dialog[open]")) stop();
}

function sendOnEnter(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("composer").requestSubmit();
}

function useExample({ target }) {
  if (!target.matches("button")) return;
  byId("message").value = target.textContent;
  byId("message").focus();
}

function setTurn(next) {
  const wasAnswering = turn !== null;
  turn = next;
  const answering = turn !== null;
  // What grows is read out when it is whole, not a piece at a time.
  byId("transcript").ariaBusy = String(answering);
  byId("stop").hidden = !answering;
  byId("send").hidden = answering;
  if (answering && !wasAnswering) announce("Karen is answering.");
}

function addUserMessage(text) {
  return add(userMessage(text));
}

function userMessage(text) {
  const { root, text: place } = copy("user-message");
  place.replaceChildren(...blocks(text));
  return root;
}

function addAnswer() {
  const answer = new Answer();
  add(answer.element);
  return answer;
}

function add(element) {
  byId("transcript").append(element);
  return element;
}

function setTitle(text) {
  byId("chat-title").textContent = text;
  nameWindow();
}

/** A reader who scrolled up is left in peace; everybody else sees the answer grow. */
function followGrowth() {
  let before = scrollY;
  addEventListener("scroll", () => {
    const page = document.documentElement;
    const left = page.scrollHeight - innerHeight - scrollY;
    following = left < END_PX || (following && scrollY >= before);
    before = scrollY;
  });
  new ResizeObserver(() => turn !== null && following && scrollToEnd()).observe(byId("transcript"));
}

function scrollToEnd() {
  following = true;
  scrollTo(0, document.documentElement.scrollHeight);
}

const report = (error) => showProblem(problems(), error);
const problems = () => byId("chat-problem");
