// The Streamlit example, as a visitor uses it. One line a claim; exits with 1 at the first that does
// not hold, since each builds on those before it.
//
//   node streamlit.mjs --url http://127.0.0.1:8501
//
// The example is running and has no account yet; its model says `word-1` to `word-60` slowly.

import assert from "node:assert/strict";
import { parseArgs } from "node:util";

import { openBrowser } from "./browser.mjs";
import { claiming } from "./claim.mjs";
import { Visitor } from "./visitor.mjs";

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
  },
});
assert(options.url, "--url is missing");

const FACT = "My dog is called Biscuit.";
const NOTE = "The spare key is under the blue pot.";
const ANSWER = Array.from({ length: 60 }, (_, i) => `word-${i + 1}`).join(" ");

const { browser, page, faults } = await openBrowser(options.chromium, options.url);
const ada = new Visitor(page);
const claim = claiming(() => browser.close());

await claim("a stranger sees the form and nothing else", async () => {
  await page.goto(options.url);
  await ada.tab("Make an account").waitFor();
  assert.equal(await ada.message.count(), 0);
});

await claim("a wrong password is refused with a reason", async () => {
  await ada.field("Email").fill("ada@example.org");
  await ada.field("Password").fill("not the password at all");
  await ada.button("Sign in").click();
  await ada.alert.getByText(/wrong/).waitFor();
});

await claim("an account is made, and the visitor is signed in", async () => {
  await ada.tab("Make an account").click();
  await ada.field("Name").fill("Ada");
  await ada.field("Email").fill("ada@example.org");
  await ada.field("Password, 15 characters or more").fill("seven brave otters sing");
  await ada.button("Make an account").click();
  await ada.message.waitFor();
});

await claim("the cookie brings them back after a reload", async () => {
  await ada.untilCookie();
  await page.reload();
  await ada.message.waitFor();
  assert.equal(await ada.field("Password").count(), 0);
});

await claim("an answer grows as it is given", async () => {
  await ada.say(FACT);
  await ada.answer.getByText(/^word-1\b/).waitFor();
  const begun = await ada.answerText();
  assert.notEqual(begun, ANSWER);
  await ada.untilAnswer(ANSWER);
  await ada.answer.getByText("patient", { exact: true }).waitFor();
});

await claim("another conversation recalls what was said, and says why", async () => {
  await ada.button("New conversation").click();
  await ada.messages.first().waitFor({ state: "detached" });
  await ada.say("What is my dog's name?");
  await ada.untilAnswer(ANSWER);
  await ada.answer.getByText(/^\d+ recalled$/).click();
  await ada.answer.getByText(FACT, { exact: true }).waitFor();
  await ada.answer.getByText(/^\w+, \d+\.\d\d, .*\bdog\b/).waitFor();
});

await claim("a reload in mid-answer goes on with it: nothing lost, nothing doubled", async () => {
  await ada.button("New conversation").click();
  await ada.messages.first().waitFor({ state: "detached" });
  await ada.say("Please take your time.");
  await ada.answer.getByText(/^word-1\b/).waitFor();
  assert.notEqual(await ada.answerText(), ANSWER);
  await page.reload();
  await ada.untilAnswer(ANSWER);
  assert.equal(await ada.messages.count(), 2);
});

await claim("and what was kept of it is the same", async () => {
  await page.reload();
  await ada.untilAnswer(ANSWER);
  assert.equal(await ada.messages.count(), 2);
});

await claim("a memory is added, found with the reason, and forgotten", async () => {
  await ada.tab("Memories").click();
  await ada.field("Remember something").fill(NOTE);
  await ada.button("Remember").click();
  await ada.text(NOTE).waitFor();
  await ada.field("Search").fill("Where is the spare key?");
  await ada.field("Search").press("Enter");
  await ada.text(/because of .*\bkey\b/).first().waitFor();
  await ada.button("Forget").first().click();
  await ada.text(NOTE).waitFor({ state: "detached" });
});

await claim("the models are listed, and which of them answers", async () => {
  await ada.tab("Models").click();
  await ada.text(/^patient .* answers$/).waitFor();
  await ada.text(/^karen-static builtin/).waitFor();
});

await claim("the settings say who is here and how Karen is", async () => {
  await ada.tab("Settings").click();
  await ada.text(/^Karen \d+\.\d+\.\d+: ok,/).waitFor();
  await ada.text(/^You are usr_\w+ \(\w+\); 3 turns, \d+ tokens\.$/).waitFor();
});

await claim("signing out shows nothing of the person, and a reload does not bring them back", async () => {
  await ada.button("Sign out").click();
  await ada.tab("Make an account").waitFor();
  await page.reload();
  await ada.tab("Make an account").waitFor();
  assert.equal(await page.getByText(FACT).count(), 0);
});

await claim("no exception, nothing from elsewhere", () => {
  assert.deepEqual(faults.filter((fault) => !fault.startsWith("console: ")), []);
});

await browser.close();
