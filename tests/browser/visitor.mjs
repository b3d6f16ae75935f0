// What a visitor does with the Streamlit example.

const COOKIE = "karen_refresh";
/** An answer of the model that takes its time comes within this. */
const ANSWER_MS = 30_000;

export class Visitor {
  constructor(page) {
    this.page = page;
    this.message = page.getByPlaceholder("Say something to Karen");
    this.messages = page.getByTestId("stChatMessage");
    this.answer = this.messages.last();
    this.alert = page.getByRole("alert");
  }

  tab(name) {
    return this.page.getByRole("tab", { name, exact: true });
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true }).filter({ visible: true });
  }

  field(label) {
    return this.page.getByLabel(label, { exact: true }).filter({ visible: true });
  }

  /** Paragraphs that are shown with this text. */
  text(text) {
    return this.page.locator("p").filter({ hasText: text, visible: true });
  }

  async say(text) {
    await this.message.fill(text);
    await this.message.press("Enter");
  }

  async answerText() {
    return (await this.answer.locator("p").first().innerText()).trim();
  }

  /** Until all of an answer is there, and Streamlit has run the program to its end. */
  async untilAnswer(text) {
    await this.answer.getByText(text, { exact: true }).waitFor({ timeout: ANSWER_MS });
    await this.page.locator("[data-test-script-state='notRunning']").waitFor({ timeout: ANSWER_MS });
  }

  /** The script that keeps the cookie runs a moment after the page is shown. */
  async untilCookie() {
    await this.page.waitForFunction((name) => document.cookie.includes(`${name}=`), COOKIE);
  }
}
