// One answer on the page: its text as it arrives, who gave it, how it ended and what it rests on.

import { recollection } from "./record.js";
import { describe } from "./models.js";
import { listen } from "./turn.js";
import { announce, blocks, copy, showProblem } from "./view.js";

const ENDINGS = {
  length: "Cut at the longest answer that is allowed. Ask Karen to go on.",
  tool_rounds: "Ended after as many rounds of tools as are allowed.",
  cancelled: "Stopped. What was said until then is kept.",
  interrupted: "Interrupted: the server ended in the middle of this answer. Ask again for a whole one.",
  failed: "This answer failed. Ask again.",
  no_model: "No model is loaded: Karen quotes what it remembers.",
};

const ANNOUNCED = {
  cancelled: "Answer stopped.",
  interrupted: "Answer interrupted.",
  failed: "The answer failed.",
};

export class Answer {
  #piece = copy("answer");
  #text = "";
  #drawing = null;

  /** An answer that was given before. */
  static given({ content, state, model, turn }, signal) {
    const answer = new Answer();
    answer.#text = content;
    answer.#draw();
    const quoted = turn && !model && state === "complete";
    answer.#end(quoted ? "no_model" : state);
    answer.#sign(null, model);
    if (turn) answer.#explainOnDemand(turn, signal);
    return answer;
  }

  get element() {
    return this.#piece.root;
  }

  /** Takes the next event of the turn. */
  take(event) {
    switch (event.type) {
      case "recall": return this.#explain(event.items);
      case "delta": return this.#grow(event.text);
      case "tool_call": return this.#callTool(event);
      case "tool_result": return this.#noteResult(event);
      case "done": return this.#finish(event);
      case "lost": return this.#wait("The connection broke. Trying again…");
    }
  }

  /** Says that the rest cannot be had, and why. */
  fail(error) {
    this.#end("failed");
    showProblem(this.#piece.problem, error);
    this.#piece.why.before(this.#piece.problem);
  }

  #wait(text) {
    this.#piece.thinking.textContent = text;
    this.#piece.thinking.hidden = false;
  }

  #grow(text) {
    this.#piece.thinking.hidden = true;
    this.#text += text;
    // Drawn once a frame, however fast the pieces arrive.
    this.#drawing ??= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#drawing);
    this.#drawing = null;
    this.#piece.text.replaceChildren(...blocks(this.#text));
  }

  #callTool({ id, name }) {
    const line = document.createElement("li");
    line.dataset.call = id;
    line.textContent = `Uses ${name}`;
    this.#piece.tools.append(line);
    this.#piece.tools.hidden = false;
  }

  #noteResult({ id, failed }) {
    const line = this.#piece.tools.querySelector(`[data-call="${CSS.escape(id)}"]`);
    if (line && failed) line.textContent += ", which failed";
  }

  #finish({ finish, model_asked, model_answered, error }) {
    this.#draw();
    this.#end(finish, error);
    this.#sign(model_asked, model_answered);
    announce(ANNOUNCED[finish] ?? "Answer complete.");
  }

  #end(finish, error) {
    const { thinking, state, root } = this.#piece;
    thinking.hidden = true;
    root.dataset.finish = finish;
    const told = error ? `${error.message} (${error.code})` : ENDINGS[finish];
    state.textContent = told ?? "";
    state.hidden = !told;
  }

  #sign(asked, answered) {
    const { by } = this.#piece;
    by.textContent = signature(asked, answered);
    by.hidden = by.textContent === "";
  }

  #explain(items) {
    const { why, summary, none, recalled } = this.#piece;
    summary.textContent = counted(items.length);
    none.hidden = items.length > 0;
    recalled.replaceChildren(...items.map(recollection));
    why.hidden = false;
    this.#wait("Thinking…");
  }

  /** What was recalled long ago is in the turn's log, and fetched when somebody wants to know. */
  #explainOnDemand(turn, signal) {
    const { why, summary, problem } = this.#piece;
    summary.textContent = "What was recalled?";
    why.hidden = false;
    const look = () => {
      this.#recalledIn(turn, signal).catch((error) => showProblem(problem, error));
    };
    why.addEventListener("toggle", look, { once: true });
  }

  async #recalledIn(turn, signal) {
    let items = [];
    for await (const event of listen(turn, signal)) {
      if (event.type === "recall") items = event.items;
      if (event.type === "recall" || event.type === "done") break;
    }
    this.#explain(items);
    this.#piece.thinking.hidden = true;
  }
}

function signature(asked, answered) {
  if (!answered) return "";
  if (!asked || asked === answered) return `Answered by ${describe(answered)}`;
  return `Asked for ${asked}, answered by ${describe(answered)}`;
}

function counted(number) {
  if (number === 0) return "Nothing was recalled";
  return number === 1 ? "Recalled 1 memory" : `Recalled ${number} memories`;
}
