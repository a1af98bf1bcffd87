import axe, { type Result, type RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe says of one rule, as the browser hands it over. */
export type Violation = Pick<Result, 'impact' | 'id'> & { nodes: { target: string[] }[] };

/** Nobody reads what passed: axe need not find a selector for each of its elements. */
const ONLY_VIOLATIONS: RunOptions = { resultTypes: ['violations'] };

/** What axe finds wrong with the page as it is now. The page's own policy does not hold for what a test evaluates. */
export async function findViolations(page: Page, options: RunOptions = {}): Promise<Violation[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe.source);
  return page.evaluate(
    `axe.run(document, ${JSON.stringify({ ...ONLY_VIOLATIONS, ...options })})
      .then(({ violations }) => violations)`,
  );
}

/**
 * What axe finds wrong with long pages, which it takes seconds to judge: it looks up, for each element with
 * text, all that lies under it. What decides contrast is the same for most of them (colour, size, weight, and
 * the backgrounds they stand on), so that one element of each look is judged. Other rules judge the page as ever.
 */
export async function findViolationsByLook(page: Page, options: RunOptions = {}) {
  await findViolations(page, { runOnly: ['document-title'] });
  const looks = await page.evaluate(MARK_LOOKS);
  return { looks: looks as number, violations: await findViolations(page, options) };
}

/** Anew by day and by night: two looks of the one may be one look of the other. */
const MARK_LOOKS = `(() => {
  const own = (style) => [style.color, style.fontSize, style.fontWeight, style.textShadow];
  const under = (style) => [style.backgroundColor, style.backgroundImage, style.opacity, style.position];
  const looks = new Set();
  for (const element of document.querySelectorAll('body *')) {
    element.removeAttribute('data-look');
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!hasText || !element.checkVisibility() || element.getClientRects().length === 0) continue;
    const look = own(getComputedStyle(element));
    for (let each = element; each; each = each.parentElement) look.push(...under(getComputedStyle(each)));
    if (looks.has(look.join())) continue;
    looks.add(look.join());
    element.setAttribute('data-look', '');
  }
  axe.configure({ rules: [{ id: 'color-contrast', selector: '[data-look]' }] });
  return looks.size;
})()`;
