import type { Document } from './document.ts';
import { toMarkdown } from './markdown.ts';
import type { Topic } from './topic.ts';

/**
 * What a language model is given: an index, then the whole text.
 *
 * @see https://llmstxt.org
 */
export function toLlmsText({ t, platform, issuer }: Topic, document: Document): string {
  const link = (title: string, path: string, about: string) =>
    `- [${title}](${issuer}${path}): ${about}`;
  const index = [
    `# ${platform.name}`,
    `> ${t('docs.llms.about', { api: platform.api.name })}`,
    `## ${t('docs.llms.docs')}`,
    [
      link(document.title, '/docs/authentication.md', t('docs.llms.authentication')),
      link(t('docs.reference'), '/reference', t('docs.llms.reference')),
      link('openapi.json', '/openapi.json', t('docs.llms.openapi')),
      link(
        'oauth-authorization-server',
        '/.well-known/oauth-authorization-server',
        t('docs.llms.metadata'),
      ),
    ].join('\n'),
  ];
  return `${index.join('\n\n')}\n\n${toMarkdown(document)}`;
}
