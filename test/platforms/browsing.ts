import type { Page, UserAgent } from '../support/user-agent.ts';

/** What a page says, without its tags. */
export const wordsOf = ({ body }: Page): string =>
  body
    .replaceAll(/<(script|style)\b[\s\S]*?<\/\1>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ');

/** Follows the link that reads so, in what comes after the other words if there are such. */
export async function click(
  agent: UserAgent,
  page: Page,
  words: string,
  { after = '' }: { after?: string } = {},
): Promise<Page> {
  const begun = page.body.slice(Math.max(0, page.body.indexOf(after)));
  for (const [, href = '', inner = ''] of begun.matchAll(
    /<a\b[^>]*\bhref="([^"]*)"[^>]*>([\s\S]*?)<\/a>/g,
  )) {
    const text = inner
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim();
    if (text.toLowerCase() !== words.toLowerCase()) continue;
    return agent.follow(await agent.get(new URL(href.replaceAll('&amp;', '&'), page.url).href));
  }
  throw new Error(`no link “${words}” at ${page.url} (${page.status})`);
}
