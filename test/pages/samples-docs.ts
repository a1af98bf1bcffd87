import { describeAuthentication } from '../../src/docs/authentication.ts';
import { toPage } from '../../src/docs/docs-page.ts';
import { sayKnownIn } from '../../src/docs/say.ts';
import { createTopic } from '../../src/docs/topic.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import type { OpenApiDocument } from '../../src/reference/api-description.ts';
import { toReferencePage } from '../../src/reference/reference-page.ts';
import type { Sample } from './samples.ts';

const platform = await loadPlatform('kaie');
const issuer = 'https://auth.kaie.example';
const topic = createTopic({ platform, issuer, apiUrl: platform.api.identifier });

/** One operation with everything an operation can have. */
const document: OpenApiDocument = {
  openapi: '3.1.0',
  info: { title: 'Kaie management API', description: 'For `operators`.\n\n- `one`\n- `two`' },
  paths: {
    '/manage/v1/notes/{id}': {
      patch: {
        ...{ operationId: 'updateNote', summary: 'Change a note', tags: ['Notes'] },
        description: 'What is left out stays.',
        security: [{ adminKey: [] }],
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['title'],
                properties: {
                  title: { type: 'string', minLength: 1, maxLength: 100 },
                  state: { type: 'string', enum: ['open', 'closed'], default: 'open' },
                  places: {
                    type: 'array',
                    items: { type: 'object', properties: { row: { type: 'integer', minimum: 1 } } },
                  },
                },
              },
            },
          },
        },
        responses: {
          200: {
            description: 'The note.',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Note' } } },
          },
        },
      },
    },
  },
  components: {
    schemas: { Note: { description: 'A note.', properties: { id: { type: 'string' } } } },
  },
};

export const docsSamples: Sample[] = [
  {
    name: 'docs-authentication',
    page: 'docs/authentication',
    model: toPage(describeAuthentication(topic), platform),
  },
  {
    name: 'reference',
    page: 'reference/reference',
    model: toReferencePage(document, { t: sayKnownIn('en'), platform }),
  },
];
