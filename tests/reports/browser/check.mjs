// Opens every page of a report in a headless Chromium and says what it found, as JSON on standard output.
//   node check.mjs CHROMIUM FOLDER [PICTURES]     with PICTURES, screenshots are written there
// Errors on the console, requests beyond the page itself, axe's violations in either scheme, pages wider than the
// window, and what filter and sort of the index do.
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, folder, pictures] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SCHEMES = ["light", "dark"];
const WIDTHS = [400, 1280, 1600];
const report = { pages: {}, requests: [], errors: [], axe: [], overflow: [], scripts: [], index: {} };

function listen(page, name) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) report.errors.push(`${name}: ${message.text()}`);
  });
  page.on("pageerror", (error) => report.errors.push(`${name}: ${error.message}`));
  page.on("dialog", (dialog) => {
    report.scripts.push(`${name}: dialog ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.isNavigationRequest()) report.requests.push(`${name}: ${request.url()}`);
  });
}

async function inspect(browser, name, scheme) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  listen(page, name);
  await page.goto(pathToFileURL(resolve(folder, name)).href, { waitUntil: "load" });
  await page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  const session = await context.newCDPSession(page); // the page's policy forbids scripts, not the debugger
  await session.send("Runtime.evaluate", { expression: axe });
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: "axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify(r.violations))",
    awaitPromise: true,
    returnByValue: true,
  });
  if (exceptionDetails) throw new Error(`${name}: axe: ${exceptionDetails.exception?.description}`);
  for (const { id, nodes } of JSON.parse(result.value))
    report.axe.push(`${name} (${scheme}): ${id}: ${nodes.length} times, first ${nodes[0].html.slice(0, 160)}`);
  if (scheme === "light")
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) report.overflow.push(`${name}: ${wide} at ${width}`);
    }
  report.pages[name] = (report.pages[name] ?? 0) + 1;
  await context.close();
}

const rows = (page) => page.locator("tr[data-verdict]:visible");
const texts = (page) => rows(page).locator("td.claim a").allInnerTexts();

async function use(browser) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  listen(page, "index.html in use");
  await page.goto(pathToFileURL(resolve(folder, "index.html")).href);
  const found = report.index;
  found.all = await texts(page);
  found.toolsShown = await page.locator("#tools").isVisible();
  const said = () => page.locator("#said").innerText();
  found.said = await said();
  if (!found.all.length) return page.close();

  await page.fill("#filter", "zzz-nothing-has-this");
  found.filteredAway = await rows(page).count();
  await page.fill("#filter", found.all[0].split(/\s+/)[0].toLowerCase());
  found.filtered = await texts(page);
  await page.click("#tools button[type=reset]");
  await page.waitForTimeout(50);
  found.afterReset = await texts(page);

  const verdicts = await page.locator("#verdict option").evaluateAll((all) => all.map((option) => option.value));
  found.byVerdict = {};
  for (const verdict of verdicts.filter(Boolean)) {
    await page.selectOption("#verdict", verdict);
    found.byVerdict[verdict] = await rows(page).evaluateAll((all) => all.map((row) => row.dataset.verdict));
  }
  await page.selectOption("#verdict", "");

  found.sorted = {};
  for (const key of ["worst", "n", "ratio", "bound", "time"]) {
    await page.selectOption("#order", key);
    found.sorted[key] = await rows(page).evaluateAll((all, name) => all.map((row) => row.dataset[name]), key);
  }
  await page.selectOption("#order", "");
  found.afterSort = await texts(page);
  await page.locator(".chapter:visible button[data-key=n]").first().focus();
  await page.keyboard.press("Enter");
  found.byKeyboard = await rows(page).evaluateAll((all) => all.map((row) => row.dataset.n));
  found.ariaSort = await page.locator("#sorted th:has(button[data-key=n])").getAttribute("aria-sort");
  found.focusStays = await page.evaluate(() => document.activeElement?.dataset?.key ?? "");
  await page.close();
}

async function withoutScripts(browser) {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(pathToFileURL(resolve(folder, "index.html")).href);
  report.index.withoutScripts = await rows(page).count();
  await context.close();
}

async function photograph(browser) {
  const shots = [["light", 1280, 800], ["dark", 1280, 800], ["light", 400, 800], ["dark", 1600, 900]];
  for (const name of Object.keys(report.pages))
    for (const [colorScheme, width, height] of shots) {
      const page = await browser.newPage({ colorScheme, viewport: { width, height } });
      await page.goto(pathToFileURL(resolve(folder, name)).href);
      await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`) });
      if (colorScheme === "light" && width === 1280) {
        await page.emulateMedia({ media: "print", colorScheme });
        await page.pdf({ path: join(pictures, `${name}.pdf`), format: "A4" });
        await page.setViewportSize({ width: 794, height: 1123 });
        await page.screenshot({ path: join(pictures, `${name}-print.png`) });
      }
      await page.close();
    }
}

const args = ["--no-first-run", "--disable-background-networking", "--disable-component-update"];
const browser = await chromium.launch({ executablePath, args, chromiumSandbox: process.getuid?.() !== 0 });
try {
  const names = readdirSync(folder).filter((name) => name.endsWith(".html"));
  for (const name of names) for (const scheme of SCHEMES) await inspect(browser, name, scheme);
  if (names.includes("index.html")) {
    await use(browser);
    await withoutScripts(browser);
  }
  if (pictures) await photograph(browser);
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(report));
