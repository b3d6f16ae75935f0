// Signing in at a provider, which runs in this process. One line a claim; exits with 1 at the first
// that does not hold, since each builds on those before it.
//
//   node oidc.mjs --url http://127.0.0.1:8000
//
// The first line is the provider's issuer. Karen is started with it, at the address that was given;
// then a line on standard input says her setup token.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

import { Provider } from "oidc-provider";

import { openBrowser } from "./browser.mjs";
import { claiming } from "./claim.mjs";
import { Person } from "./person.mjs";

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
  },
});
assert(options.url, "--url is missing");

const server = createServer();
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;
// What it has to say of being made for development is nobody's here.
console.warn = () => {};
console.info = () => {};
const provider = new Provider(issuer, {
  clients: [{
    client_id: "karen",
    client_secret: "a secret of Karen's",
    redirect_uris: [`${options.url}/api/v1/auth/oidc/corp/callback`],
  }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  // Claims of scopes stand in the ID token, as most providers have them.
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  findAccount: (_, name) => ({
    accountId: name,
    claims: () => ({ sub: name, name, email: `${name}@example.com`, email_verified: true }),
  }),
});
server.on("request", provider.callback());
console.log(issuer);

const [token] = await once(createInterface({ input: process.stdin }), "line");
const { browser, context, page } = await openBrowser(options.chromium, options.url);
const person = new Person(page, options.url);

async function close() {
  await browser.close();
  server.closeAllConnections();
  server.close();
}

const claim = claiming(close);

/** Says who they are at the provider, and lets Karen know it. */
async function agreeAtProvider(name) {
  await page.locator("input[name=login]").fill(name);
  await page.locator("input[name=password]").fill("anything");
  await page.locator("button[type=submit]").click();
  await page.getByRole("button", { name: "Continue" }).click();
}

async function signOut() {
  await person.button("Sign out").click();
  await person.heading("Sign in").waitFor();
  await context.clearCookies();
}

await claim("somebody new is signed in by the provider", async () => {
  await page.goto(`${options.url}/#setup=${token}`);
  await person.field("Name").fill("Ada");
  await person.field("Email").fill("ada@example.com");
  await person.field("Password").fill("seven brave otters sing");
  await page.locator("#first-form button.primary").click();
  await person.message.waitFor();
  await signOut();
  await person.button("Sign in with Corp").click();
  await agreeAtProvider("eve");
  await person.message.waitFor();
  await page.goto(`${options.url}/#/account`);
  await page.getByText("eve · eve@example.com · member").waitFor();
});

await claim("a reload finds them signed in", async () => {
  await page.reload();
  await page.getByText("eve · eve@example.com · member").waitFor();
  await signOut();
});

await claim("an account with the address is not theirs by that alone", async () => {
  await person.button("Sign in with Corp").click();
  await agreeAtProvider("ada");
  await page.getByText("An account has your address.").first().waitFor();
  await context.clearCookies();
});

await claim("its owner links it", async () => {
  await person.field("Email").fill("ada@example.com");
  await person.field("Password").fill("seven brave otters sing");
  await page.locator("#sign-in-form button.primary").click();
  await person.message.waitFor();
  await page.goto(`${options.url}/#/account`);
  await person.button("Link with Corp").click();
  await agreeAtProvider("ada");
  await page.getByText("Signs you in since").waitFor();
  await signOut();
});

await claim("and is signed in by the provider from then on", async () => {
  await person.button("Sign in with Corp").click();
  await agreeAtProvider("ada");
  await person.message.waitFor();
  await page.goto(`${options.url}/#/account`);
  await page.getByText("Ada · ada@example.com · owner").waitFor();
});

await close();
process.exit(0);
