// The models that can answer: the choice in the composer, and what an answer says of its model.

import { get } from "./api.js";
import { byId } from "./view.js";

const demos = new Set();

/** Learns which models there are, and offers the choice where there is one. */
export async function load() {
  const { data, default: preferred } = await get("/api/v1/models");
  const talkers = data.filter((model) => model.capabilities.generate);
  for (const model of talkers) if (model.demo) demos.add(model.name);
  offer(talkers, preferred);
  explain(talkers, preferred);
}

/** The model that was chosen by hand; none leaves the choice to the server. */
export const chosen = () => byId("model").value || undefined;

/** A model's name, with the warning that belongs to it. */
export function describe(name) {
  return demos.has(name) ? `${name}, a small demonstration model` : name;
}

function offer(talkers, preferred) {
  const byDefault = new Option(preferred ? `${preferred} (default)` : "Default", "");
  const others = talkers.filter((model) => model.name !== preferred);
  byId("model").replaceChildren(byDefault, ...others.map(({ name }) => new Option(name, name)));
  byId("model-field").hidden = others.length === 0;
}

function explain(talkers, preferred) {
  const note = byId("model-note");
  note.hidden = talkers.length > 0 && !demos.has(preferred);
  note.textContent =
    talkers.length === 0
      ? "No model is loaded, so Karen answers by quoting what it remembers. To add one, run: karen-server models add PATH"
      : `${preferred} is a small demonstration model: it shows that memory reaches the answer, and knows little else.`;
}
