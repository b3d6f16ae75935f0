// A browser that notices what a page must not do.

import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PATIENCE_MS = 10_000;

/** A page in a fresh profile, and a list of everything in it that should not have happened. */
export async function openBrowser(executablePath, url) {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const context = await browser.newContext({ viewport: { width: 1180, height: 800 }, locale: "en-GB" });
  context.setDefaultTimeout(PATIENCE_MS);
  const faults = [];
  await context.addInitScript(reportViolations);
  context.on("page", (page) => watch(page, new URL(url).origin, faults));
  const page = await context.newPage();
  return { browser, context, page, faults };
}

/** Runs what makes the browser complain on purpose, and lets those complaints pass. */
export async function expectingComplaints(faults, pattern, task) {
  const before = faults.length;
  await task();
  const others = faults.splice(before).filter((fault) => !pattern.test(fault));
  faults.push(...others);
}

function reportViolations() {
  addEventListener("securitypolicyviolation", (violation) => {
    console.error(`CSP: ${violation.violatedDirective} ${violation.blockedURI}`);
  });
}

function watch(page, origin, faults) {
  page.on("pageerror", (error) => faults.push(`exception: ${error.stack}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.origin !== origin) faults.push(`foreign request: ${url}`);
  });
}
