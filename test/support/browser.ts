import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Request,
} from 'playwright-core';
import { findViolations } from './axe.ts';

/** Where Debian's package puts it. */
export const CHROMIUM = '/usr/bin/chromium';
/** The same engine with no window around it, of a package of its own: a third of the processor's time less. */
const HEADLESS_SHELL = '/usr/bin/chromium-headless-shell';
/** What most tests take, which ask what pages do and not what a browser has around them. */
export const LIGHTEST = existsSync(HEADLESS_SHELL) ? HEADLESS_SHELL : CHROMIUM;
export const chromiumIsInstalled = existsSync(CHROMIUM);

const NOTICE = `
  ****************************************************************************
  The tests with a real browser DID NOT RUN: there is no ${CHROMIUM}.
  To run them, install Debian's package:  apt-get install chromium
  ****************************************************************************
`;

/** Said where nobody overlooks it: on standard error, outside the report. */
export const sayThatNoBrowserRan = (): void => void process.stderr.write(NOTICE);

type Teardown = { teardown(work: () => Promise<unknown>): unknown };

/** A browser process with a profile of its own that goes away with it. */
export async function openBrowser(
  t: Teardown,
  executablePath: string,
  ...more: string[]
): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...more,
    ],
  });
  t.teardown(() => browser.close());
  return browser;
}

export interface App {
  origin: string;
  callback: string;
  /** Sends the browser on to another origin, as apps do that live on several hosts. */
  callbackThenElsewhere: string;
  /** A page that opens the given address in a popup and hears from it when it comes back. */
  popupOpener(url: string): string;
}

/** A third party's app on a loopback port: every page of it says where the browser arrived. */
export async function startApp(t: Teardown): Promise<App> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://app');
    if (url.pathname === '/onward') {
      const { port } = server.address() as AddressInfo;
      response.writeHead(302, { location: `http://localhost:${port}/elsewhere${url.search}` });
      return response.end();
    }
    const script =
      url.pathname === '/opener'
        ? `addEventListener('message', (event) => { document.title = 'heard ' + event.data });
           open(${JSON.stringify(url.searchParams.get('url'))}, 'popup', 'popup')`
        : `opener?.postMessage('from the popup', '*')`;
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(`<!doctype html><html lang="en"><title>The app</title><link rel="icon" href="data:,">
      <meta name="viewport" content="width=device-width">
      <main><h1>The app</h1></main><script>${script}</script></html>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    callback: `${origin}/callback`,
    callbackThenElsewhere: `${origin}/onward`,
    popupOpener: (url) => `${origin}/opener?url=${encodeURIComponent(url)}`,
  };
}

export interface Visitor {
  page: Page;
  /** What went wrong in the browser so far: console, policy, strange origins, axe, layout. */
  problems: string[];
  /** Where the browser was sent, the app's custom scheme included, newest last. */
  visited: string[];
  /** Looks the page over by day and by night: axe, layout; pictures where SCREENSHOTS names a directory. */
  look(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface VisitorOptions extends BrowserContextOptions {
  /** Part of every picture's name. */
  name: string;
  /** Whose pages may be requested: the server's and the app's. */
  origins: readonly string[];
}

/** Somebody at a browser: cookies of their own, and everything that goes wrong written down. */
export async function createVisitor(browser: Browser, options: VisitorOptions): Promise<Visitor> {
  const { name: visitorName, origins, ...contextOptions } = options;
  // Colours in transition have the contrast of neither scheme.
  const context = await browser.newContext({ reducedMotion: 'reduce', ...contextOptions });
  const page = await context.newPage();
  const problems: string[] = [];
  const visited: string[] = [];
  const scripts = contextOptions.javaScriptEnabled !== false;
  page.on('request', (request) => {
    if (request.isNavigationRequest()) visited.push(request.url());
    if (isStrange(request, origins)) problems.push(`a request to ${request.url()}`);
  });
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    // A page that says no has a 4xx status, which Chromium notes; its assets must not.
    const isAnswer = /^Failed to load resource: .* status of 4\d\d/.test(message.text());
    if (isAnswer && !message.location().url.includes('/assets/')) return;
    problems.push(`console at ${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`error at ${page.url()}: ${error.message}`));
  return {
    page,
    problems,
    visited,
    async look(name) {
      // Text may be there before the styles are.
      await page.waitForLoadState();
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        if (scripts) problems.push(...(await inspect(page, name, colorScheme)));
        await takePicture(page, `${visitorName}-${name}-${colorScheme}`);
      }
    },
    close: () => context.close(),
  };
}

/** An app's own scheme leaves the browser and is no request to another origin. */
function isStrange(request: Request, origins: readonly string[]): boolean {
  const { protocol, origin } = new URL(request.url());
  return /^(https?|wss?):$/.test(protocol) && !origins.includes(origin);
}

async function inspect(page: Page, name: string, scheme: 'light' | 'dark'): Promise<string[]> {
  // By night only the colours differ.
  const options = scheme === 'dark' ? { runOnly: ['color-contrast'] } : {};
  const violations = await findViolations(page, options);
  const findings = violations.map(
    ({ impact, id, nodes }) => `axe: ${impact} ${id} at ${nodes.map((node) => node.target)}`,
  );
  const width = (await page.evaluate('document.documentElement.scrollWidth')) as number;
  // A phone's innerWidth grows with what is too wide for it: the browser zooms out.
  const window = page.viewportSize()!.width;
  if (width > window) findings.push(`scrolls sideways: ${width} > ${window}`);
  return findings.map((finding) => `${name}, ${scheme}: ${finding}`);
}

async function takePicture(page: Page, name: string): Promise<void> {
  const directory = process.env.SCREENSHOTS;
  if (!directory) return;
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
}

const PATIENCE_MS = 30_000;

const passOver = (expected: RegExp) => (error: Error) => {
  if (!expected.test(error.message)) throw error;
};

/**
 * Waits until an expression is true in the page. Playwright's own waitForFunction evaluates inside of the page, where
 * our policy forbids that from the second look on: it worked when the first look was enough.
 */
export async function becomesTrue(page: Page, expression: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  // A page that is left while it is asked gives no answer.
  const ask = () =>
    page.evaluate(`Boolean(${expression})`).catch(passOver(/context was destroyed/));
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`did not become true: ${expression}`);
    await sleep(20);
  }
}
