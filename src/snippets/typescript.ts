import { type DescribedRequest, type Fields, hasVariables, partsOf } from './described-request.ts';

/** For Node 20 or newer, Deno and Bun: nothing to install. */
export function typescript(request: DescribedRequest): string {
  const { method, url } = request;
  if (request.opensInBrowser) return `console.log(${text(url)});`;
  const options = [
    ...(method === 'GET' ? [] : [`  method: '${method}',`]),
    ...headerLines(request),
    ...bodyLines(request),
  ];
  const call =
    options.length === 0
      ? `const response = await fetch(${text(url)});`
      : `const response = await fetch(${text(url)}, {\n${options.join('\n')}\n});`;
  return `${call}\nconsole.log(response.status, await response.text());`;
}

function headerLines({ headers = [], basic, body }: DescribedRequest): string[] {
  const json: Fields = body && 'json' in body ? [['Content-Type', 'application/json']] : [];
  const entries = [...headers, ...json].map(([name, value]) => `    '${name}': ${text(value)},`);
  if (basic) {
    const pair = [basic.username, basic.password].map(encoded).join(':');
    entries.unshift(`    'Authorization': \`Basic \${btoa(\`${pair}\`)}\`,`);
  }
  return entries.length === 0 ? [] : ['  headers: {', ...entries, '  },'];
}

function bodyLines({ body }: DescribedRequest): string[] {
  if (!body) return [];
  const isForm = 'form' in body;
  const fields = isForm ? body.form : body.json;
  const entries = fields.map(([name, value]) => `    ${name}: ${text(value)},`);
  const wrap = isForm ? 'new URLSearchParams' : 'JSON.stringify';
  return [`  body: ${wrap}({`, ...entries, '  }),'];
}

/** Within a template literal, encoded as it must be before it is Basic. */
const encoded = (value: string): string =>
  partsOf(value)
    .map((part) =>
      'variable' in part
        ? `\${encodeURIComponent(process.env.${part.variable}!)}`
        : encodeURIComponent(part.text),
    )
    .join('');

/** A template literal where there are variables, else plain quotes. */
function text(value: string): string {
  if (!hasVariables(value)) return `'${value.replaceAll(/[\\']/g, '\\$&')}'`;
  const inner = partsOf(value).map((part) =>
    'variable' in part
      ? `\${process.env.${part.variable}}`
      : part.text.replaceAll(/[\\`$]/g, '\\$&'),
  );
  return `\`${inner.join('')}\``;
}
