import axe, { type Result, type RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe says of one rule, as the browser hands it over. */
export type Violation = Pick<Result, 'impact' | 'id'> & { nodes: { target: string[] }[] };

/** What axe finds wrong with the page as it is now. The page's own policy does not hold for what a test evaluates. */
export async function findViolations(page: Page, options: RunOptions = {}): Promise<Violation[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe.source);
  return page.evaluate(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  );
}
