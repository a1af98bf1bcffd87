import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Browser, chromium, type Page } from 'playwright-core';
import { test } from 'tap';
import { createPages } from '../../src/pages/render.ts';
import { platforms, samples } from './samples.ts';

const viewsDir = join(import.meta.dirname, '../../views');
const pages = createPages({ platform: platforms.kaie!, viewsDir });
const render = pages.render as (page: string, model: object) => string;
const posts: URLSearchParams[] = [];

/** Answers a form slowly, so that a second press finds the first under way. */
async function serve(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://forms');
    if (request.method === 'POST') {
      posts.push(new URLSearchParams(await text(request)));
      await new Promise((answer) => setTimeout(answer, 300));
      return response.end('done');
    }
    const sample = samples.find(({ name }) => name === pathname.slice(1));
    response.setHeader('content-type', 'text/html; charset=utf-8');
    if (pathname === '/assets/forms.js') response.setHeader('content-type', 'text/javascript');
    if (sample) return response.end(render(sample.page, sample.model));
    return response.end(
      pathname === '/assets/forms.js' ? readFileSync(join(viewsDir, pathname)) : '',
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

let server: Server;
let browser: Browser;

async function open(sample: string, javaScriptEnabled: boolean): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${sample}`);
  return page;
}

test('the forms in a browser', async (t) => {
  server = await serve();
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  t.teardown(async () => {
    await browser.close();
    server.close();
  });

  for (const scripts of [true, false]) {
    t.test(`consent posts what was decided, scripts ${scripts ? 'on' : 'off'}`, async (t) => {
      const page = await open('consent', scripts);
      await page.getByLabel('See analytics').uncheck();
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      await page.getByText('done').waitFor();
      const posted = posts.pop()!;
      t.equal(posted.get('decision'), 'allow');
      t.same(posted.getAll('scope'), ['workflows:read', 'workflows:write']);
      t.equal(posted.get('organization_id'), 'org_1');
      t.equal(posted.get('_csrf'), 'k2nVdW5pdA');
    });
  }

  t.test('a second press while the first is under way sends nothing', async (t) => {
    const before = posts.length;
    const page = await open('sign-in', true);
    await page.getByLabel('Email address').fill('ada@example.com');
    await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
    const said = await page.evaluate(`(() => {
      const form = document.forms[0];
      const button = form.querySelector('[type=submit]');
      button.click();
      const said = button.textContent;
      form.requestSubmit(button);
      return said;
    })()`);
    t.equal(said, 'Signing in…');
    await page.getByText('done').waitFor();
    t.equal(posts.length, before + 1);
  });

  t.test('a password can be shown and leaves as a password', async (t) => {
    const page = await open('sign-in', true);
    const field = page.locator('#password');
    await page.getByRole('button', { name: 'Show password' }).click();
    t.equal(await field.getAttribute('type'), 'text');
    await page.getByRole('button', { name: 'Hide password' }).click();
    t.equal(await field.getAttribute('type'), 'password');
  });

  t.test('without scripts nothing is offered that would not work', async (t) => {
    const page = await open('sign-in', false);
    t.notOk(await page.getByRole('button', { name: /password/ }).isVisible());
  });

  t.test('the first wrong field has the focus, scripts or not', async (t) => {
    const page = await open('sign-up-errors', false);
    t.equal(await page.locator(':focus').getAttribute('id'), 'email');
  });
});
