// The web page, as a person uses it. One line a claim; exits with 1 at the first that does not
// hold, since each builds on those before it.
//
//   node page.mjs --url http://127.0.0.1:8000 --token SETUP_TOKEN --slow-model NAME [--screenshot FILE]
//
// The server is running and has no account yet. The model NAME takes at least two seconds to give
// an answer of many pieces, so that there is time to stop one, to reload and to lose a connection.

import assert from "node:assert/strict";
import { parseArgs } from "node:util";

import { faultsOfView } from "./accessibility.mjs";
import { code } from "./authenticator.mjs";
import { expectingComplaints, openBrowser } from "./browser.mjs";
import { layCable } from "./cable.mjs";
import { claiming } from "./claim.mjs";
import { Person } from "./person.mjs";
import { Program } from "./program.mjs";

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    token: { type: "string" },
    "slow-model": { type: "string" },
    screenshot: { type: "string" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
  },
});
for (const name of ["url", "token", "slow-model"]) assert(options[name], `--${name} is missing`);

const EMAIL = "ada@example.org";
const PASSWORD = "seven brave otters sing";
const FACT = "My dog is called Biscuit.";
const NOTE = "The spare key is under the blue pot.";
const CORRECTED = "The spare key is under the green pot.";
const REASON_SHOWN = /You, \d+ \w+ \d{4}\s+Matched words\s+(.*)\s+Score\s+-?\d+\.\d\d \(.*\d\)/;

const cable = await layCable(options.url);
const { browser, page, faults } = await openBrowser(options.chromium, cable.url);
const ada = new Person(page, cable.url);
const program = new Program(options.url, { email: EMAIL, password: PASSWORD });

async function close() {
  await browser.close();
  cable.close();
}

const claim = claiming(close);

/** The view that is open breaks no rule of accessibility. */
async function viewIsAccessible() {
  assert.deepEqual(await faultsOfView(page), []);
}

const squeezed = (text) => text.replace(/\s+/g, " ").trim();

/** The page shows one answer, the one that the server keeps; gives it. */
async function pageShowsWhatIsKept() {
  const kept = await program.answers(new URL(page.url()).hash.split("/")[2]);
  assert.equal(kept.length, 1);
  assert.equal(await ada.answers.count(), 1);
  assert.equal(squeezed(await ada.answerText.innerText()), squeezed(kept[0].content));
  return kept[0];
}

const askSlowly = () => ada.ask(options["slow-model"], "Please take your time.");

async function signIn(password) {
  await ada.field("Email").fill(EMAIL);
  await ada.field("Password").fill(password);
  await ada.button("Sign in").click();
}

await claim("the first-run link opens an accessible form", async () => {
  await page.goto(`${cable.url}/#setup=${options.token}`);
  await ada.heading("Create the first account").waitFor();
  await viewIsAccessible();
});

await claim("the first account is made, and the token leaves the address", async () => {
  await ada.field("Name").fill("Ada");
  await ada.field("Email").fill(EMAIL);
  await ada.field("Password").fill(PASSWORD);
  await ada.button("Create account").click();
  await ada.message.waitFor();
  assert.equal(new URL(page.url()).hash, "#/chat");
});

await claim("the empty conversation is accessible", viewIsAccessible);

await claim("a message is answered, and the answer names its model", async () => {
  await ada.say(FACT);
  await ada.untilAnswered();
  assert.notEqual(await ada.answerText.innerText(), "");
  assert.match(await ada.answer.innerText(), /Answered by \S+/);
  assert.equal(await ada.transcript.getAttribute("aria-busy"), "false");
  await page.getByText("Answer complete.").waitFor({ state: "attached" });
});

await claim("another conversation recalls what was said, and says why", async () => {
  await ada.beginConversation();
  await ada.say("What is my dog's name?");
  await ada.untilAnswered();
  await ada.answer.getByText(/^Recalled \d+ memor/).click();
  const [, words] = REASON_SHOWN.exec(await ada.items(ada.answer, FACT).first().innerText());
  assert.match(words, /dog/);
});

await claim("a conversation with reasons is accessible", viewIsAccessible);

await page.mouse.move(0, 0);
if (options.screenshot) await page.screenshot({ path: options.screenshot });

await claim("an answer of long ago still tells what was recalled", async () => {
  await page.reload();
  await ada.answer.getByText("What was recalled?").click();
  await ada.items(ada.answer, FACT).first().waitFor();
});

await claim("memories are listed, accessibly", async () => {
  await ada.link("Memory").click();
  await ada.items(ada.memories, FACT).waitFor();
  await viewIsAccessible();
});

await claim("a note is remembered, and found with the reason", async () => {
  await ada.field("Remember a note").fill(NOTE);
  await ada.button("Remember").click();
  await ada.items(ada.memories, NOTE).waitFor();
  await ada.recall("Where is the spare key?");
  const [, words] = REASON_SHOWN.exec(await ada.items(ada.found, NOTE).innerText());
  assert.match(words, /key/);
  await viewIsAccessible();
  await ada.button("Show everything").click();
});

await claim("a memory is corrected, its past is shown, and the past can be asked for", async () => {
  await ada.button("Correct", ada.items(ada.memories, NOTE)).click();
  await ada.field(`Corrected text of: ${NOTE}`).fill(CORRECTED);
  await viewIsAccessible();
  await ada.button("Save").click();
  const item = ada.items(ada.memories, CORRECTED);
  await item.getByText("What it was").click();
  await item.getByText(`“${NOTE}” Corrected,`).waitFor();
  await ada.field("As memory was on").fill("2020-01-01");
  await ada.recall("Where is the spare key?");
  await ada.found.getByText("Nothing that is remembered has to do with that.").waitFor();
  await ada.button("Show everything").click();
});

await claim("a memory is pinned", async () => {
  const item = ada.items(ada.memories, CORRECTED);
  await ada.button("Pin", item).click();
  await item.getByText(/pinned/).waitFor();
  await page.reload();
  await ada.button("Unpin", item).waitFor();
});

await claim("what is forgotten is gone from the list and from recall", async () => {
  const item = ada.items(ada.memories, FACT);
  await ada.button("Forget", item).click();
  await page.getByRole("dialog").waitFor();
  await viewIsAccessible();
  await ada.confirm("Forget");
  await item.waitFor({ state: "detached" });
  await page.reload();
  await ada.items(ada.memories, CORRECTED).waitFor();
  assert.equal(await item.count(), 0);
  await ada.recall("What is my dog called?");
  assert.equal(await ada.items(ada.found, FACT).count(), 0);
});

await claim("an answer grows as it is given, and the log is busy meanwhile", async () => {
  const begun = await askSlowly();
  assert.equal(await ada.transcript.getAttribute("aria-busy"), "true");
  await page.waitForFunction(
    (length) => document.querySelector(".answer:last-child .prose").innerText.length > length,
    begun.length,
  );
  await ada.button("Stop").waitFor();
});

await claim("Esc stops the answer; what was said is kept and marked", async () => {
  await page.keyboard.press("Escape");
  await ada.answer.getByText(/^Stopped\./).waitFor();
  const kept = await pageShowsWhatIsKept();
  assert.equal(kept.state, "cancelled");
  await page.reload();
  await ada.answer.getByText(/^Stopped\./).waitFor();
});

await claim("a reload in mid-answer brings the rest: nothing lost, nothing doubled", async () => {
  const begun = await askSlowly();
  await page.reload();
  await ada.button("Stop").waitFor();
  await ada.untilAnswered();
  const kept = await pageShowsWhatIsKept();
  assert.equal(kept.state, "complete");
  assert(kept.content.length > begun.length);
});

await claim("a lost connection resumes by itself: nothing lost, nothing doubled", async () => {
  await expectingComplaints(faults, /net::ERR_/, async () => {
    await askSlowly();
    cable.pull();
    await ada.answer.getByText(/^The connection broke/).waitFor();
    cable.plugIn();
    await ada.untilAnswered();
  });
  const kept = await pageShowsWhatIsKept();
  assert.equal(kept.state, "complete");
});

await claim("a message whose answer was lost is said once when it is sent again", async () => {
  const text = "Did you hear me?";
  await ada.beginConversation();
  const before = await program.conversations();
  await expectingComplaints(faults, /net::ERR_/, async () => {
    cable.deafen();
    await ada.say(text);
    await page.getByText("UNREACHABLE").waitFor();
    assert.equal(await ada.message.inputValue(), text);
    cable.plugIn();
    await ada.message.press("Enter");
    await ada.untilAnswered();
  });
  assert.equal(await program.conversations(), before + 1);
  await pageShowsWhatIsKept();
});

await claim("what was said long ago is a click away, and the reader stays where they are", async () => {
  const lines = Array.from({ length: 230 }, (_, i) => `Line ${i + 1} of the play.`);
  await program.bring("The play", lines);
  await page.reload();
  await ada.link(lines[0]).click();
  const shown = ada.transcript.getByText(/^Line \d+ of the play\.$/);
  await shown.first().waitFor();
  assert.deepEqual(await shown.allInnerTexts(), lines.slice(-100));
  for (const count of [200, 230]) {
    const first = await shown.first().elementHandle();
    await ada.button("Earlier messages").scrollIntoViewIfNeeded();
    const { y } = await first.boundingBox();
    await ada.button("Earlier messages").click();
    await shown.nth(count - 1).waitFor();
    assert.deepEqual(await shown.allInnerTexts(), lines.slice(-count));
    assert(Math.abs((await first.boundingBox()).y - y) < 2);
  }
  assert.equal(await ada.button("Earlier messages").isVisible(), false);
});

await claim("a conversation is deleted after asking", async () => {
  const first = ada.conversations.first();
  await first.hover();
  const before = await ada.conversations.count();
  await ada.button("Delete", first).click();
  await ada.confirm("Delete");
  await ada.heading("New conversation").waitFor();
  await page.reload();
  await first.waitFor();
  assert.equal(await ada.conversations.count(), before - 1);
});

await claim("an API key is shown once, works, and stops working when revoked", async () => {
  await ada.link("Account").click();
  await ada.field("What is the key for?").fill("Notebook");
  await ada.button("Create key").click();
  const key = await page.getByRole("status").locator("code").innerText();
  assert.equal(await program.statusOfMe(key), 200);
  await viewIsAccessible();
  await ada.button("Revoke: Notebook").click();
  await ada.confirm("Revoke");
  await page.getByText("No program has a key.").waitFor();
  assert.equal(await program.statusOfMe(key), 401);
});

await claim("another device is signed out from here", async () => {
  assert.equal(await program.statusOfMe(), 200);
  await page.reload();
  const device = ada.items(ada.devices, "a program elsewhere");
  await ada.button("Sign out", device).click();
  await device.waitFor({ state: "detached" });
  assert.equal(await program.statusOfMe(), 401);
});

await claim("somebody is invited, and the invitation is revoked", async () => {
  await ada.link("People").click();
  await ada.heading("People").waitFor();
  await ada.items(ada.accounts, "Ada").waitFor();
  await ada.field("Invite somebody by mail").fill("eve@example.org");
  await ada.button("Invite").click();
  await viewIsAccessible();
  await ada.button("Revoke: eve@example.org").click();
  await page.getByText("eve@example.org").waitFor({ state: "detached" });
});

await claim("a colleague gets another role, is shut out, and is removed after asking", async () => {
  await new Program(options.url, { email: EMAIL, password: PASSWORD }).employ("Bob");
  await page.reload();
  const bob = ada.items(ada.accounts, "Bob");
  await bob.getByLabel("Role of Bob").selectOption("viewer");
  await page.getByText("Bob is now viewer.").waitFor({ state: "attached" });
  await ada.button("Disable", bob).click();
  await ada.button("Enable", bob).waitFor();
  await ada.button("Remove", bob).click();
  await ada.confirm("Remove");
  await bob.waitFor({ state: "detached" });
});

await claim("the audit log tells what happened, and its chain is whole", async () => {
  await ada.link("Audit log").click();
  await ada.heading("Audit log").waitFor();
  await page.getByText("erased", { exact: true }).waitFor();
  await ada.button("Check the chain").click();
  await page.getByText(/^Whole: \d+ entries/).waitFor();
  await viewIsAccessible();
});

let recoveryCode = null;

await claim("an authenticator is taken into use, and signing in takes its code", async () => {
  await ada.link("Account").click();
  await ada.button("Set up an authenticator").click();
  await ada.field("Code that it shows").waitFor();
  const secret = await page.locator("#factor-secret").innerText();
  await ada.field("Code that it shows").fill(code(secret));
  await ada.button("Take it into use").click();
  await page.getByText("Keep these recovery codes").waitFor();
  recoveryCode = await page.locator("#factor-code-list code").first().innerText();
  await viewIsAccessible();
  await ada.button("Sign out", page.getByRole("navigation", { name: "Places" })).click();
  await ada.heading("Sign in").waitFor();
  await signIn(PASSWORD);
  await ada.heading("One more step").waitFor();
  await viewIsAccessible();
  await ada.field("Code").fill(code(secret, 1));
  await ada.button("Sign in").click();
  await ada.message.waitFor();
});

await claim("it is put out of use with the password and a recovery code", async () => {
  await ada.link("Account").click();
  await ada.field("Password, to turn it off").fill(PASSWORD);
  await ada.field("Code, or a recovery code").fill(recoveryCode);
  await ada.button("Turn it off").click();
  await page.getByText("Your password alone is enough to sign in.").waitFor();
});

await claim("signing out shows nothing of the person any more", async () => {
  await ada.button("Sign out", page.getByRole("navigation", { name: "Places" })).click();
  await ada.heading("Sign in").waitFor();
  await viewIsAccessible();
  await page.reload();
  await ada.heading("Sign in").waitFor();
  assert.equal(await page.getByRole("navigation").count(), 0);
});

await claim("a wrong password is refused with a reason and a code", async () => {
  await expectingComplaints(faults, /401/, async () => {
    await signIn("not the password at all");
    await page.getByText("UNAUTHENTICATED").waitFor();
  });
});

await claim("signing in by keyboard alone comes back to the conversations", async () => {
  await page.reload();
  await ada.tabTo(ada.field("Email"));
  await page.keyboard.type(EMAIL);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await ada.message.waitFor();
  await ada.conversations.first().waitFor();
});

await claim("asking, looking at the reasons and forgetting need no mouse", async () => {
  await ada.tabTo(ada.message);
  await page.keyboard.type("Where is the spare key?");
  await page.keyboard.press("Enter");
  await ada.untilAnswered();
  const summary = ada.answer.locator("summary");
  await ada.tabTo(summary);
  await page.keyboard.press("Enter");
  await ada.tabTo(ada.button("Forget", ada.items(ada.answer, CORRECTED)));
  await page.keyboard.press("Enter");
  await ada.tabTo(ada.button("Forget", page.getByRole("dialog")));
  await page.keyboard.press("Enter");
  await ada.answer.getByText("Forgotten.").waitFor();
});

await claim("the skip link leads the keyboard past the side", async () => {
  await page.goto(`${cable.url}/#/memory`);
  await page.reload();
  await ada.heading("Memory").waitFor();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
});

await claim("at 320 px the menu leads everywhere", async () => {
  await page.setViewportSize({ width: 320, height: 640 });
  await ada.button("Menu").click();
  await viewIsAccessible();
  await page.setViewportSize({ width: 320, height: 640 });
  await ada.link("Account").click();
  await ada.heading("Account").waitFor();
  assert.equal(await ada.link("Memory").isVisible(), false);
});

await claim("no exception, no complaint of the browser, no breach of policy, nothing from elsewhere", () => {
  assert.deepEqual(faults, []);
});

await close();
