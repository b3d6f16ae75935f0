// What every view owes everybody: WCAG 2.2 AA by axe in both themes, and reflow at 320 px.

import axe from "axe-core";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const WIDE = { width: 1180, height: 800 };
const NARROW = { width: 320, height: 640 };

/** Everything that is wrong with the view as it stands, one line each. */
export async function faultsOfView(page) {
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    found.push(...(await axeFaults(page, colorScheme)));
  }
  await page.setViewportSize(NARROW);
  found.push(...(await reflowFaults(page)), ...(await axeFaults(page, "narrow")));
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: null });
  return found;
}

async function axeFaults(page, circumstance) {
  // The page's policy forbids to add a script element; evaluating is the debugger's right.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    (values) => window.axe.run({ runOnly: { type: "tag", values } }),
    TAGS,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${circumstance}: ${id} at ${node.target}: ${node.failureSummary}`),
  );
}

async function reflowFaults(page) {
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  return width > NARROW.width ? [`${width} px wide in a window of ${NARROW.width} px`] : [];
}
