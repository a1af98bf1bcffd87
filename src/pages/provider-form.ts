import type { ProviderForm } from './view-models.ts';

const ENTITIES: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

/**
 * Takes the HTML of a form that oidc-provider hands to its view functions (logoutSource), or has made of
 * its own, apart into its action and hidden fields, so that our templates can write their own.
 *
 * @throws Error when it isn't such a form: the library has changed and this must be looked at
 */
export function readProviderForm(html: string): ProviderForm {
  const form = /<form\b[^>]*>/.exec(html)?.[0];
  const action = form && attribute(form, 'action');
  if (!action) throw new Error('Expected a form with an action from the provider');
  const fields = Array.from(html.matchAll(/<input\b[^>]*>/g), ([input]) => input)
    .filter((input) => attribute(input, 'type') === 'hidden')
    .map((input) => ({
      name: attribute(input, 'name') ?? '',
      value: attribute(input, 'value') ?? '',
    }));
  if (!fields.some((field) => field.name === 'xsrf' && field.value !== '')) {
    throw new Error('Expected the xsrf field in a form from the provider');
  }
  return { action, fields };
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value?.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]!);
}
