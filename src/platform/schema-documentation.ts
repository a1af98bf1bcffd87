import * as part from './schema-parts.ts';

const { closed, list, named, optional, text } = part;

const sdk = optional(
  closed(
    {
      package: text({ description: 'What is installed, e.g. @acme/sdk.' }),
      client: text({ description: 'Its class, or in Go its package.' }),
    },
    { title: 'a mapping with package and client' },
  ),
);

/** What a platform says on its documentation page beside what the page can tell from the rest of the file. */
export const documentation = closed(
  {
    developer_menu: optional(
      text({ description: 'What the dashboard calls the menu in which API keys are.' }),
    ),
    pricing_url: optional(
      part.url({
        description: 'Where plans and prices are; linked beside plans and playground keys.',
      }),
    ),
    scopes: optional(
      named(part.SCOPE_PATTERN, part.SCOPE_TITLE, text(), {
        description: 'Scope → one sentence for developers; left out: its description.',
      }),
    ),
    permission_sets: optional(
      named(part.NAME_PATTERN, part.NAME_TITLE, list(text()), {
        description: 'Permission set → what it allows, point by point; left out: its description.',
      }),
    ),
    limits: optional(
      named(part.NAME_PATTERN, part.NAME_TITLE, text(), {
        description: 'Limit → what it counts; left out: its title.',
      }),
    ),
    key_environments: optional(
      named(part.NAME_PATTERN, part.NAME_TITLE, text(), {
        description: 'Key environment → what its keys give access to.',
      }),
    ),
    sdks: optional(
      closed(
        { typescript: sdk, python: sdk, go: sdk, java: sdk },
        { description: 'Packages that are published. Left out: the page promises none.' },
      ),
    ),
  },
  { description: 'What only you can say on /docs/authentication; the rest is made of this file.' },
);
