// What a person does with the page, found by the names that a screen reader would say.

import assert from "node:assert/strict";

/** Elements far away in the order of the keyboard are as good as out of reach. */
const TABS_MAX = 80;

export class Person {
  constructor(page, url) {
    this.page = page;
    this.url = url;
    this.message = page.getByLabel("Message to Karen");
    this.transcript = page.getByRole("log", { name: "Messages" });
    this.answers = this.transcript.locator(".answer");
    this.answer = this.answers.last();
    this.answerText = this.answer.locator(".prose");
    this.memories = page.getByRole("region", { name: "Everything" });
    this.found = page.getByRole("region", { name: "Recalled" });
    this.conversations = page.getByRole("navigation", { name: "Conversations" }).getByRole("listitem");
    this.accounts = page.getByRole("region", { name: "Accounts" });
    this.devices = page.getByRole("region", { name: "Where you are signed in" });
  }

  button(name, place = this.page) {
    // "Forget" is also the beginning of "Forget: what it forgets".
    return place.getByRole("button", { name: new RegExp(`^${name}(:|$)`) });
  }

  link(name) {
    return this.page.getByRole("link", { name, exact: true });
  }

  field(label) {
    return this.page.getByLabel(label).filter({ visible: true });
  }

  heading(name) {
    return this.page.getByRole("heading", { name, level: 1 });
  }

  /** The items of a list that hold exactly this text. */
  items(place, text) {
    return place.getByRole("listitem").filter({ has: this.page.getByText(text, { exact: true }) });
  }

  async say(text) {
    await this.message.fill(text);
    await this.message.press("Enter");
  }

  async untilAnswered() {
    await this.button("Stop").waitFor({ state: "hidden" });
    await this.answer.getByText(/^A(nswered|sked for \S+, answered) by /).waitFor();
  }

  async beginConversation() {
    await this.page.goto(`${this.url}/#/memory`);
    await this.link("New conversation").click();
    await this.heading("New conversation").waitFor();
  }

  /** Asks a model, and gives the beginning of the answer while the rest is on its way. */
  async ask(model, text) {
    await this.beginConversation();
    await this.field("Model").selectOption(model);
    await this.say(text);
    await this.button("Stop").waitFor();
    await this.answerText.locator("p").waitFor();
    return this.answerText.innerText();
  }

  async recall(query) {
    await this.field("What would be recalled?").fill(query);
    await this.button("Recall").click();
    await this.found.waitFor();
  }

  async confirm(name) {
    await this.button(name, this.page.getByRole("dialog")).click();
  }

  /** Presses Tab until the keyboard is at an element. */
  async tabTo(element) {
    for (let presses = 0; presses < TABS_MAX; presses += 1) {
      if (await element.evaluate((node) => node === document.activeElement)) return;
      await this.page.keyboard.press("Tab");
    }
    assert.fail(`Tab never reaches ${element}`);
  }
}
