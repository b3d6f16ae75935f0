// Showing one's password once more, before something that a stolen session must not do.

import { post, whenLoginIsOld } from "./api.js";
import * as passkey from "./passkey.js";
import { attempt, byId, clearProblem, onSubmit } from "./view.js";

export function start() {
  const dialog = byId("prove");
  onSubmit(byId("prove-form"), async (form) => {
    const code = form.get("code").trim();
    const shown = { password: form.get("password"), ...(code && { code }) };
    await post("/api/v1/auth/reauthenticate", shown);
    dialog.close("yes");
  });
  byId("prove-passkey").hidden = !passkey.possible;
  byId("prove-passkey").addEventListener("click", () => {
    attempt(dialog, dialog.querySelector(".problems"), async () => {
      const options = await post("/api/v1/auth/passkeys/reauthenticate/begin");
      const shown = { credential: await passkey.use(options) };
      await post("/api/v1/auth/passkeys/reauthenticate", shown);
      dialog.close("yes");
    });
  });
  byId("prove-no").addEventListener("click", () => dialog.close("no"));
  whenLoginIsOld(() => ask(dialog));
}

function ask(dialog) {
  const form = byId("prove-form");
  form.reset();
  clearProblem(form.querySelector(".problems"));
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
