import { curl } from '../snippets/curl.ts';
import { env, partsOf } from '../snippets/described-request.ts';
import type { OpenApiDocument, Operation } from './api-description.ts';
import type { Examples } from './examples.ts';

/** Where the examples find their credential. */
const CREDENTIAL = 'ADMIN_KEY';

/** A call of the operation for a shell: its credential, and whatever else is secret, comes from the environment. */
export function exampleRequest(
  document: OpenApiDocument,
  { method, path, operation }: { method: string; path: string; operation: Operation },
  examples: Examples,
): string {
  const { parameters = [], requestBody, security } = operation;
  const named = parameters.flatMap((parameter) => {
    const value = examples.parameterOf(operation, parameter);
    return value === undefined ? [] : [{ ...parameter, value: encodeURIComponent(value) }];
  });
  const filled = path.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const parameter = named.find((one) => one.in === 'path' && one.name === name);
    return parameter?.value ?? whole;
  });
  const query = named
    .filter((one) => one.in === 'query')
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');
  const url = `${document.servers?.[0]?.url ?? ''}${filled}${query && `?${query}`}`;
  const isOpen = security?.length === 0;
  const command = curl({
    ...{ method, url },
    headers: isOpen ? [] : [['Authorization', `Bearer ${env(CREDENTIAL)}`]],
  });
  const schema = requestBody?.content['application/json']?.schema;
  if (!schema) return command;
  const body = JSON.stringify(examples.bodyOf(operation, schema, method), undefined, 2);
  const json = partsOf(body)
    .map((part) =>
      'variable' in part ? env(part.variable) : part.text.replaceAll(/[\\$`]/g, '\\$&'),
    )
    .join('');
  return `${command} \\\n  -H 'Content-Type: application/json' \\\n  -d @- <<JSON\n${json}\nJSON`;
}
