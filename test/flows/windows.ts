import type { Browser } from 'playwright-core';
import type { Test } from 'tap';
import {
  CHROMIUM,
  chromiumIsInstalled,
  createVisitor,
  LIGHTEST,
  openBrowser,
  sayThatNoBrowserRan,
  type Visitor,
  type VisitorOptions,
} from '../support/browser.ts';

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };

/** How somebody looks at a page: what a picture of it is called after, and the frame. */
export type Window = Omit<VisitorOptions, 'origins'>;

/** Without isMobile Chromium passes over what a page says of its viewport. */
const asOnAPhone = { viewport: PHONE, isMobile: true };

export const onPhone: Window = { name: 'phone', ...asOnAPhone, hasTouch: true };
export const onDesktop: Window = { name: 'desktop', viewport: DESKTOP };
export const withoutScripts: Window = {
  ...{ name: 'no-scripts', ...asOnAPhone, javaScriptEnabled: false },
};
export const WINDOWS: readonly Window[] = [onPhone, onDesktop, withoutScripts];

export const hasScripts = ({ javaScriptEnabled }: Window): boolean => javaScriptEnabled !== false;

type Telling = (browser: Browser) => Promise<unknown>;

/** The stories run where there is a browser; where there is none that is said aloud, and fails in CI. */
export const inABrowser = (t: Test, tell: Telling, ...browserArguments: string[]) =>
  inBrowser(t, LIGHTEST, tell, browserArguments);

/** The same in Chromium as people have it, for what Gatehouse stands or falls with. */
export const inTheWholeBrowser = (t: Test, tell: Telling, ...browserArguments: string[]) =>
  inBrowser(t, CHROMIUM, tell, browserArguments);

async function inBrowser(
  t: Test,
  program: string,
  tell: Telling,
  browserArguments: readonly string[],
): Promise<void> {
  t.ok(chromiumIsInstalled || !process.env.CI, `${CHROMIUM} is there, or nobody promised it (CI)`);
  if (chromiumIsInstalled) await tell(await openBrowser(t, program, ...browserArguments));
  else sayThatNoBrowserRan();
}

/** Somebody at a window for as long as a story lasts, in whose browser nothing may go wrong. */
export async function visit(
  t: Test,
  browser: Browser,
  options: VisitorOptions,
  story: (visitor: Visitor) => Promise<unknown>,
): Promise<void> {
  const visitor = await createVisitor(browser, options);
  await story(visitor);
  t.same(visitor.problems, [], 'nothing went wrong in the browser, nor came from elsewhere');
  await visitor.close();
}
