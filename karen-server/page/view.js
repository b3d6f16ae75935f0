// Pieces that every view is made of. Data reaches the page as text, never as markup.

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** What is read out of a button's subject at most. */
const SUBJECT_CHARS_MAX = 80;

const busy = new WeakSet();

export const byId = (id) => document.getElementById(id);
export const day = (ms) => DAY.format(ms);
export const moment = (ms) => MOMENT.format(ms);

/** A copy of a template, and its parts by their `data-part`. */
export function copy(template) {
  const root = byId(template).content.firstElementChild.cloneNode(true);
  const parts = {};
  for (const part of root.querySelectorAll("[data-part]")) parts[part.dataset.part] = part;
  return { root, ...parts };
}

/** The window is called as the view in it. */
export function nameWindow() {
  const heading = document.querySelector("main:not([hidden]) section:not([hidden]) h1");
  document.title = `${heading.textContent} · Karen`;
}

/** Tells a screen reader something in passing. */
export function announce(text) {
  byId("status").textContent = text;
}

/** Shows what went wrong and what to do about it; an abort is nobody's problem. */
export function showProblem(place, error) {
  if (error.name === "AbortError") return;
  const { root, detail, code } = copy("problem");
  detail.textContent = sentence(error.message);
  const reference = error.reference ? `, reference ${error.reference}` : "";
  code.textContent = error.code ? `${error.code}${reference}` : "";
  for (const fault of error.errors ?? []) root.append(faultLine(fault));
  place.replaceChildren(root);
}

export function clearProblem(place) {
  place.replaceChildren();
}

/** Does what a button or a form asks for, once at a time, and shows what goes wrong. */
export async function attempt(element, place, task) {
  if (busy.has(element)) return;
  busy.add(element);
  clearProblem(place);
  try {
    await task();
  } catch (error) {
    showProblem(place, error);
  } finally {
    busy.delete(element);
  }
}

/** Handles a form here: the page is never left. */
export function onSubmit(form, task) {
  const problem = form.querySelector(".problems");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(form, problem, () => task(new FormData(form)));
  });
}

/** Asks before something that cannot be undone. */
export function confirmed({ title, text, action }) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = action;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** Gives a button that is repeated a name of its own: "Forget: My dog is called Biscuit." */
export function nameButton(button, subject) {
  button.ariaLabel = `${button.textContent}: ${subject.slice(0, SUBJECT_CHARS_MAX)}`;
}

/** Removes a list's item and keeps the keyboard near by. */
export function removeItem(item) {
  const near = item.nextElementSibling ?? item.previousElementSibling;
  const next = near?.querySelector("button, a") ?? item.closest("section, nav").querySelector("h1, h2");
  item.remove();
  next.focus();
}

/** Text with its ``` fenced code set apart. A fence that is still open counts as code. */
export function blocks(text) {
  const parts = text.split(/^```.*(?:\n|$)/m);
  const filled = parts.map((part, index) => ({ code: index % 2 === 1, text: part.trim() }));
  return filled.filter((part) => part.text !== "").map(block);
}

function block(part) {
  const element = document.createElement(part.code ? "pre" : "p");
  const inner = part.code ? element.appendChild(document.createElement("code")) : element;
  inner.textContent = part.text;
  if (part.code) element.tabIndex = 0;
  return element;
}

function faultLine({ pointer, detail }) {
  const line = document.createElement("p");
  line.textContent = `${pointer.replace(/^\//, "").replaceAll("_", " ")}: ${detail}`;
  return line;
}

/** The first letter in capitals and a full stop, whatever the source. */
function sentence(text) {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}
