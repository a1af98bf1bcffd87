/**
 * Renders every sample page for each platform, opens it in Chromium under the real content security
 * policy, checks it with axe and takes its picture on a phone and a desktop, by day and by night.
 *
 *   node test/pages/preview.ts [part of a sample's name]
 *
 * Pictures go to /tmp/gatehouse-pages. Exits 1 on a console error, an axe
 * finding, a page wider than its window, or a small touch target.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { createPages, type Pages } from '../../src/pages/render.ts';
import { iconSvg, themeCss } from '../../src/pages/theme.ts';
import { findViolations } from '../support/axe.ts';
import { platforms, type Sample, samples } from './samples.ts';

const viewsDir = join(import.meta.dirname, '../../views');
const out = '/tmp/gatehouse-pages';
const CSP =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
const BROWSER = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const TYPES: Record<string, string> = {
  css: 'text/css',
  js: 'text/javascript',
  svg: 'image/svg+xml',
};

const wanted = samples.filter((sample) => sample.name.includes(process.argv[2] ?? ''));
const problems: string[] = [];
mkdirSync(out, { recursive: true });
const profile = mkdtempSync(join(tmpdir(), 'gatehouse-chromium-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  args: BROWSER,
});
try {
  for (const id of Object.keys(platforms)) await previewPlatform(context, id);
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
console.log(problems.length === 0 ? `${wanted.length} samples, no findings` : problems.join('\n'));
process.exitCode = problems.length === 0 ? 0 : 1;

async function previewPlatform(browser: BrowserContext, id: string): Promise<void> {
  const server = await serve(id);
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const sample of wanted) {
    const page = await browser.newPage();
    const where = `${id}/${sample.name}`;
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      problems.push(`${where}: console ${message.text()}`);
    });
    page.on('pageerror', (error) => problems.push(`${where}: ${error.message}`));
    await photograph(page, `${origin}/${sample.name}`, where);
    await page.close();
  }
  server.close();
}

async function photograph(page: Page, url: string, where: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await page.goto(url, { waitUntil: 'load' });
      const path = join(out, `${where.replace('/', '-')}-${size}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
      if (size === 'phone') await check(page, `${where} ${colorScheme}`);
    }
  }
  await page.setViewportSize({ width: 320, height: 640 });
  problems.push(...(await measure(page)).map((finding) => `${where} at 320px: ${finding}`));
}

async function check(page: Page, where: string): Promise<void> {
  const violations = await findViolations(page);
  for (const { impact, id, nodes } of violations) {
    problems.push(`${where}: axe ${impact} ${id} ${nodes.map((node) => node.target).join(' ')}`);
  }
  problems.push(...(await measure(page)).map((finding) => `${where}: ${finding}`));
}

/** Sideways scrolling, and touch targets under 44 pixels (inline links in a sentence are exempt). */
function measure(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const root = document.documentElement;
    const wide = root.scrollWidth > innerWidth ? ['scrolls sideways to ' + root.scrollWidth] : [];
    const targets = document.querySelectorAll('button, select, summary, label.choice, .input, a.button, .row-link, .foot a');
    const small = [...targets]
      .map((target) => [target, target.getBoundingClientRect().height])
      .filter(([, height]) => height > 0 && height < 43.9)
      .map(([target, height]) => height + 'px: ' + target.outerHTML.slice(0, 80));
    return [...wide, ...small];
  })()`);
}

async function serve(id: string): Promise<Server> {
  const platform = platforms[id]!;
  const pages = createPages({ platform, viewsDir });
  const documents = new Map(wanted.map((sample) => [`/${sample.name}`, html(pages, sample)]));
  for (const [path, document] of documents)
    writeFileSync(join(out, `${id}-${path.slice(1)}.html`), document);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://preview');
    const asset = /^\/assets\/((?:playground\/)?[a-z-]+\.(css|js|svg))$/.exec(pathname);
    response.setHeader('content-security-policy', CSP);
    response.setHeader('content-type', TYPES[asset?.[2] ?? ''] ?? 'text/html; charset=utf-8');
    if (pathname === '/assets/theme.css') response.end(themeCss(platform));
    else if (pathname === '/assets/icon.svg') response.end(iconSvg(platform));
    else if (asset) response.end(readFileSync(join(viewsDir, 'assets', asset[1]!)));
    else response.end(documents.get(pathname));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

function html(pages: Pages, sample: Sample): string {
  const render = pages.render as (page: string, model: object) => string;
  // A page that leaves by itself is looked at as whoever has no scripts sees it.
  return render(sample.page, sample.model).replace(' data-sends-itself', '');
}
