// Passkeys on the web page, with an authenticator that Chromium pretends to have. One line a claim;
// exits with 1 at the first that does not hold, since each builds on those before it.
//
//   node passkeys.mjs --url http://localhost:8000 --token SETUP_TOKEN
//
// The server is running, has no account yet, and is published under the url, which has a name.

import assert from "node:assert/strict";
import { parseArgs } from "node:util";

import { faultsOfView } from "./accessibility.mjs";
import { expectingComplaints, openBrowser } from "./browser.mjs";
import { claiming } from "./claim.mjs";
import { Person } from "./person.mjs";

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    token: { type: "string" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
  },
});
for (const name of ["url", "token"]) assert(options[name], `--${name} is missing`);

const EMAIL = "ada@example.org";
const PASSWORD = "seven brave otters sing";
const AUTHENTICATOR = {
  protocol: "ctap2",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

const { browser, context, page, faults } = await openBrowser(options.chromium, options.url);
const ada = new Person(page, options.url);
const passkeys = page.getByRole("region", { name: "Passkeys" });
const devtools = await context.newCDPSession(page);
await devtools.send("WebAuthn.enable");
const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
  options: AUTHENTICATOR,
});

const claim = claiming(() => browser.close());

async function signOut() {
  await ada.button("Sign out", page.getByRole("navigation", { name: "Places" })).click();
  await ada.heading("Sign in").waitFor();
}

async function givePassword() {
  await ada.field("Email").fill(EMAIL);
  await ada.field("Password").fill(PASSWORD);
  await ada.button("Sign in").click();
}

await claim("a passkey is made, and recovery codes are shown with it", async () => {
  await page.goto(`${options.url}/#setup=${options.token}`);
  await ada.field("Name").fill("Ada");
  await ada.field("Email").fill(EMAIL);
  await ada.field("Password").fill(PASSWORD);
  await ada.button("Create account").click();
  await ada.link("Account").click();
  await ada.field("What is the device called?").fill("Laptop");
  await ada.button("Add a passkey").click();
  await page.getByText("Keep these recovery codes").waitFor();
  await ada.items(passkeys, "Laptop").waitFor();
  await page.getByText(/^Besides your password, a passkey is asked for since/).waitFor();
  assert.deepEqual(await faultsOfView(page), []);
});

await claim("a device makes one passkey of an account", async () => {
  await ada.field("What is the device called?").fill("Laptop again");
  await ada.button("Add a passkey").click();
  await page.getByText("This device has a passkey of your account already.").waitFor();
});

await claim("the passkey signs in by itself, and nobody types who they are", async () => {
  await signOut();
  assert.deepEqual(await faultsOfView(page), []);
  await ada.button("Use a passkey").click();
  await ada.message.waitFor();
});

await claim("the password alone is not enough, and the passkey stands in for a code", async () => {
  await signOut();
  await givePassword();
  await ada.heading("One more step").waitFor();
  assert.deepEqual(await faultsOfView(page), []);
  await ada.button("Use a passkey").click();
  await ada.message.waitFor();
});

await claim("whom the device does not verify does not come in", async () => {
  await signOut();
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await ada.button("Use a passkey").click();
  await page.getByText("No passkey was used").waitFor();
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
  await ada.button("Use a passkey").click();
  await ada.message.waitFor();
});

await claim("a passkey shows once more that it is you, and is removed", async () => {
  await ada.link("Account").click();
  const old = { status: 403, json: { code: "LOGIN_NOT_RECENT", detail: "show it once more" } };
  await page.route("**/api/v1/auth/passkeys/pas_*", (route) => route.fulfill(old), { times: 1 });
  await expectingComplaints(faults, /403/, async () => {
    await ada.button("Remove", passkeys).click();
    await ada.confirm("Remove");
    await ada.button("Use a passkey", page.getByRole("dialog")).click();
    await page.getByText("No device has a passkey of yours.").waitFor();
  });
  await page.getByText("Your password alone is enough to sign in.").waitFor();
});

await claim("a passkey that was removed opens nothing, and the password does", async () => {
  await signOut();
  await expectingComplaints(faults, /401/, async () => {
    await ada.button("Use a passkey").click();
    await page.getByText("UNAUTHENTICATED").waitFor();
  });
  await givePassword();
  await ada.message.waitFor();
});

await claim("no exception, no complaint of the browser, no breach of policy, nothing from elsewhere", () => {
  assert.deepEqual(faults, []);
});

await browser.close();
